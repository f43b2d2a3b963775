// Everything that a server tells of its sessions, searched for everything that is secret in them.
import diagnosticsChannel from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { eventChannelName, prometheusText, type ServerEvents } from '@ftps-kit/ftps-server';
import { HANDSHAKE_CHANNEL } from '@ftps-kit/tls-core';
import { testCertificates } from '../support/certificates.js';
import { LineLogger } from '../support/line-logger.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

const EVENTS = {
  ...{ listening: 0, connection: 0, secured: 0, login: 0, verdict: 0, transfer: 0 },
  ...{ refusal: 0, limit: 0, disconnect: 0, fault: 0 },
} satisfies Record<keyof ServerEvents, 0>;
const eventNames = Object.keys(EVENTS) as (keyof ServerEvents)[];

describe('what a server tells', () => {
  it('holds no password, no key and no ticket, in events, channels, logs and metrics', async () => {
    const told: string[] = [];
    const keep = (value: unknown): void => {
      told.push(inspect(value, { depth: 20, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }));
      told.push(JSON.stringify(value, (key, inner: unknown) => (key === 'server' ? undefined : inner)));
    };
    const logger = new LineLogger();
    const keys: string[] = [];
    const { server: identity } = await testCertificates();
    const channels = [...eventNames.map(eventChannelName), HANDSHAKE_CHANNEL];
    for (const channel of channels) diagnosticsChannel.subscribe(channel, keep);
    try {
      await using server = await TestServer.start({
        ...{ logger, limits: { maxFailedLogins: 2 }, files: { 'a.txt': 'content' } },
        logKeys: (line) => keys.push(line),
      });
      for (const name of eventNames) server.server.on(name, keep);
      await using client = await RawFtpClient.loggedIn(server);
      await client.download('RETR a.txt');
      const { channel } = await client.openData('none');
      await client.expect(150, 'RETR a.txt');
      expect((await client.reply()).code).to.equal(522);
      channel.destroy();
      await using guesser = await RawFtpClient.secured(server);
      for (const code of [530, 421]) {
        await guesser.expect(331, 'USER alice');
        await guesser.expect(code, 'PASS a-wrong-password');
      }
      keep(server.server.metrics());
      told.push(prometheusText(server.server.metrics()), inspect(server.server, { depth: 20, showHidden: true }));
      const tickets = [client, guesser].flatMap(({ binding }) => {
        const ticket = binding.ticketForDataConnection();
        return ticket === undefined ? [] : [Buffer.from(ticket.sessionForEngine())];
      });
      expect(tickets).not.to.deep.equal([]);
      for (const { fields, message } of logger.lines) told.push(`${JSON.stringify(fields)} ${message}`);
      const everything = told.join('\n');
      expect(everything).to.include('alice').and.include('bound').and.include('maxFailedLogins');
      const secrets = [
        ...['opensesame', 'a-wrong-password', 'PRIVATE KEY'],
        ...identity.keyPem.split('\n').filter((line) => line.length > 20 && !line.startsWith('-')),
        // CLIENT_HANDSHAKE_TRAFFIC_SECRET <client random> <secret>
        ...keys.map((line) => line.split(' ')[2] ?? line),
        ...tickets.flatMap((ticket) => [ticket.toString('hex'), ticket.toString('base64')]),
      ];
      expect(secrets.length).to.be.above(10);
      const found = secrets.filter((secret) => everything.toLowerCase().includes(secret.toLowerCase()));
      expect(found).to.deep.equal([]);
      // A Buffer that was logged as it is would be a list of numbers.
      expect(everything).not.to.match(/"type":"Buffer"|<Buffer|Uint8Array\(/);
    } finally {
      for (const channel of channels) diagnosticsChannel.unsubscribe(channel, keep);
    }
  });
});
