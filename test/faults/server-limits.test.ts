// Each bound of the server, when a client meets it: what the client sees, and which event names it.
import { expect } from 'chai';
import type { LimitName, ServerLimits } from '@ftps-kit/ftps-server';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

interface Case {
  readonly limit: LimitName;
  readonly limits: Partial<ServerLimits>;
  readonly what: string;
  /** Goes over the limit, and checks what a client sees of that. */
  readonly meet: (server: TestServer) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    limit: 'loginTimeoutMs',
    limits: { loginTimeoutMs: 100 },
    what: 'a client that does not log in is told 421',
    meet: async (server) => {
      await using client = await RawFtpClient.connect(server);
      await client.reply();
      expect((await client.reply()).code).to.equal(421);
    },
  },
  {
    limit: 'idleTimeoutMs',
    limits: { idleTimeoutMs: 100 },
    what: 'a client that says nothing any more is told 421',
    meet: async (server) => {
      await using client = await RawFtpClient.secured(server);
      await client.login();
      expect((await client.reply()).code).to.equal(421);
    },
  },
  {
    limit: 'tlsTimeoutMs',
    limits: { tlsTimeoutMs: 100 },
    what: 'a client that does not go on with its handshake is closed',
    meet: async (server) => {
      await using client = await RawFtpClient.connect(server);
      await client.reply();
      await client.expect(234, 'AUTH TLS');
      expect(await client.rest()).to.equal('');
    },
  },
  {
    limit: 'tlsTimeoutMs',
    limits: { tlsTimeoutMs: 300 },
    what: 'a data connection without a handshake is 425, and the session lives on',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.dataTcp(await client.extendedPassive());
      await client.expect(150, 'RETR a.txt');
      expect((await client.reply()).code).to.equal(425);
      await client.expect(257, 'PWD');
      channel.destroy();
    },
  },
  {
    limit: 'dataConnectTimeoutMs',
    limits: { dataConnectTimeoutMs: 100 },
    what: 'a data connection that does not come is 425, and the session lives on',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      await client.extendedPassive();
      await client.expect(425, 'RETR a.txt');
      await client.expect(257, 'PWD');
    },
  },
  {
    limit: 'stallTimeoutMs',
    limits: { stallTimeoutMs: 200 },
    what: 'an upload that brings nothing is 426, and the session lives on',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, 'STOR b.txt');
      expect((await client.reply()).code).to.equal(426);
      await client.expect(257, 'PWD');
      channel.destroy();
    },
  },
  {
    limit: 'maxFailedLogins',
    limits: { maxFailedLogins: 1 },
    what: 'a client that guesses is told 421',
    meet: async (server) => {
      await using client = await RawFtpClient.secured(server);
      await client.expect(331, 'USER alice');
      await client.expect(421, 'PASS guess');
    },
  },
];

describe('a limit of the server', () => {
  for (const { limit, limits, what, meet } of cases) {
    it(`${limit}: ${what}, and the event names the limit and the client`, async () => {
      await using server = await TestServer.start({ limits, files: { 'a.txt': 'content' } });
      const told = server.next('limit');
      await meet(server);
      expect(await told).to.include({ limit, value: limits[limit] });
      expect((await told).client.address).to.equal('127.0.0.1');
      expect(server.limits).to.have.length(1);
      expect(server.server.metrics().counters.limits[limit]).to.equal(1);
    });
  }
});
