// From an event to its line in the log: level, fields and a sentence. What is not named here is not logged.
import { FtpsError, type Endpoint, type HandshakeSummary } from '@ftps-kit/tls-core';
import type { ServerEvents } from './events.js';
import type { Logger, LogLevel } from './logger.js';

interface LogLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** As long as the names of a users file may be. */
const MAX_NAME_LENGTH = 255;

type LineOf = { readonly [Name in keyof ServerEvents]: (event: ServerEvents[Name][0]) => LogLine };

const LINES: LineOf = {
  listening: (event) => line('info', { ...event }, `listening on ${event.address}:${event.port} (${event.mode} TLS)`),
  connection: ({ id, client }) => line('debug', { id, client: peer(client) }, 'a control connection came'),
  secured: ({ id, client, handshake }) =>
    line('debug', { id, client: peer(client), ...agreed(handshake) }, 'the control connection is protected'),
  login: ({ id, client, user, accepted, reason }) =>
    line(
      accepted ? 'info' : 'warn',
      { id, client: peer(client), user: asTyped(user), accepted, ...(reason && { reason }) },
      accepted ? 'a login was accepted' : 'a login was refused',
    ),
  verdict: ({ id, client, user, verdict, accepted, handshake }) =>
    line(
      'debug',
      { id, client: peer(client), user, verdict, accepted, ...agreed(handshake) },
      `the data connection is ${verdict}`,
    ),
  transfer: ({ handshake, client, error, durationMs, ...rest }) =>
    line(
      error === undefined && rest.replyCode < 300 ? 'info' : 'warn',
      {
        ...rest,
        client: peer(client),
        durationMs: Math.round(durationMs),
        ...(handshake && agreed(handshake)),
        ...(error && { error: told(error) }),
      },
      `${rest.command} ended with ${rest.replyCode}`,
    ),
  refusal: ({ client, ...rest }) => line('warn', { ...rest, client: peer(client) }, `refused: ${rest.reason}`),
  limit: ({ client, ...rest }) => line('warn', { ...rest, client: peer(client) }, `a limit was met: ${rest.limit}`),
  disconnect: ({ id, client, error }) =>
    line('debug', { id, client: peer(client), ...(error && { error: told(error) }) }, 'the control connection ended'),
  fault: ({ id, client, where, error }) =>
    line('error', { id, client: peer(client), where, error: told(error) }, `something failed in: ${where}`),
};

/** Writes the line of one event. Throws what the logger throws. */
export function logEvent<Name extends keyof ServerEvents>(
  logger: Logger,
  name: Name,
  event: ServerEvents[Name][0],
): void {
  const { level, fields, message } = LINES[name](event);
  logger[level]({ event: name, ...fields }, message);
}

function line(level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string): LogLine {
  return { level, fields, message };
}

function peer(client: Endpoint | undefined): string | undefined {
  if (client === undefined) return undefined;
  const { address, port } = client;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Whoever is refused can call himself anything: it is shown without what moves a terminal's cursor, and not at any length. */
function asTyped(user: string): string {
  const shown = user.slice(0, MAX_NAME_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return user.length <= MAX_NAME_LENGTH ? shown : `${shown}…`;
}

function agreed({ protocol, cipherSuite, resumed, serverName, peerCertificates }: HandshakeSummary): object {
  return { protocol, cipherSuite, resumed, serverName, clientCertificate: peerCertificates[0]?.fingerprint256 };
}

function told(error: Error): object {
  return { name: error.name, message: error.message, ...(error instanceof FtpsError && { code: error.code }) };
}
