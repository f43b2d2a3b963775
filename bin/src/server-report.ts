// What a running server tells its operator, a line a thing.
import type { FtpsServer } from '@ftps-kit/ftps-server';
import { formatBytes, formatDuration } from './format.js';
import { jsonLine } from './json-line.js';
import type { Report } from './report.js';

/** Reports logins, transfers, refusals and limits of `server` from here on. */
export function reportServerEvents(server: FtpsServer, report: Report): void {
  server.on('login', ({ id, client, user, accepted }) => {
    report.say(
      { event: 'login', id, client, user, accepted },
      `${client.address}  ${accepted ? 'login' : 'login refused'}: ${jsonLine(user)}`,
    );
  });
  server.on('transfer', ({ id, client, user, command, path, bytes, durationMs, verdict, handshake, replyCode }) => {
    report.say(
      {
        event: 'transfer',
        id,
        client,
        user,
        command,
        path,
        bytes,
        durationMs: Math.round(durationMs),
        verdict,
        protocol: handshake?.protocol,
        cipherSuite: handshake?.cipherSuite,
        replyCode,
      },
      `${client.address}  ${command} ${jsonLine(path)}: ${replyCode}, ${formatBytes(bytes)} in ` +
        `${formatDuration(durationMs)}, ${verdict ?? 'no data connection'}`,
    );
  });
  server.on('refusal', ({ id, client, reason, detail }) => {
    report.say({ event: 'refusal', id, client, reason, detail }, `${client.address}  refused: ${detail}`);
  });
  server.on('fault', ({ where, error }) => {
    report.say({ event: 'fault', where, message: error.message }, `failed (${where}): ${error.message}`);
  });
  server.on('limit', ({ id, client, limit, value, detail }) => {
    report.say({ event: 'limit', id, client, limit, value, detail }, `${client.address}  ${limit}: ${detail}`);
  });
}
