// Each bound of the server, when a client meets it: what the client sees, and which event names it.
import { expect } from 'chai';
import type { FileSystem, LimitName, ServerLimits } from '@ftps-kit/ftps-server';
import { CountedFileSystem } from '../support/counted-file-system.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

interface Case {
  readonly limit: LimitName;
  readonly limits: Partial<ServerLimits>;
  readonly what: string;
  readonly fileSystem?: () => FileSystem;
  /** Goes over the limit, and checks what a client sees of that. */
  readonly meet: (server: TestServer) => Promise<void>;
}

const hashed = new CountedFileSystem();

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
    limits: { idleTimeoutMs: 1_000 },
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
    limits: { tlsTimeoutMs: 1_000 },
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
  {
    limit: 'maxCommandBytes',
    limits: { maxCommandBytes: 100 },
    what: 'a command that is longer by a byte is 500 and skipped, and the session lives on',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      await client.expect(550, `SIZE ${'x'.repeat(95)}`);
      await client.expect(500, `SIZE ${'x'.repeat(96)}`);
      await client.expect(257, 'PWD');
    },
  },
  {
    limit: 'maxCommandBytes',
    limits: { maxCommandBytes: 100 },
    what: 'a longer line than a command before a login is 421',
    meet: async (server) => {
      await using client = await RawFtpClient.connect(server);
      await client.reply();
      await client.expect(421, `USER ${'x'.repeat(96)}`);
      expect(await client.rest()).to.equal('');
    },
  },
  {
    limit: 'maxWaitingCommands',
    limits: { maxWaitingCommands: 3 },
    what: 'of the commands in the middle of a transfer the fourth is the last that is read, ABOR or not, and none is lost',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, 'STOR b.txt');
      await client.send(`${'NOOP\r\n'.repeat(3)}STAT\r\n`);
      expect((await client.reply()).code).to.equal(211);
      const told = server.next('limit');
      await client.send('PWD\r\nABOR\r\nSYST\r\n');
      await told;
      await channel.end();
      const codes: number[] = [];
      for (let n = 0; n < 7; n += 1) codes.push((await client.reply()).code);
      expect(codes).to.deep.equal([226, 200, 200, 200, 257, 226, 215]);
      channel.destroy();
    },
  },
  {
    limit: 'maxListingEntries',
    limits: { maxListingEntries: 2 },
    what: 'a directory with one entry more is cut at the limit and 451, and the session lives on',
    meet: async (server) => {
      server.seed({ 'folder/1': '', 'folder/2': '', 'folder/3': '' });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, 'MLSD folder');
      expect((await client.reply()).code).to.equal(451);
      await client.expect(257, 'PWD');
      channel.destroy();
    },
  },
  {
    limit: 'maxWaitingHashes',
    limits: { maxHashes: 1, maxWaitingHashes: 1 },
    fileSystem: () => hashed,
    what: 'one hash more is 450, and who gives up waiting leaves his place at once',
    meet: async (server) => {
      await using first = await RawFtpClient.loggedIn(server);
      await using impatient = await RawFtpClient.loggedIn(server);
      await using second = await RawFtpClient.loggedIn(server);
      await using third = await RawFtpClient.loggedIn(server);
      await first.upload('STOR a', 'content');
      hashed.hashesHang = true;
      const hanging = new Promise<void>((resolve) => (hashed.onHang = resolve));
      await first.send('XSHA512 a\r\n');
      await hanging;
      await impatient.send('XSHA512 a\r\nABOR\r\n');
      expect((await impatient.reply()).code).to.equal(426);
      expect((await impatient.reply()).code).to.equal(226);
      await second.send('XSHA512 a\r\n');
      await second.expect(211, 'STAT');
      await third.expect(450, 'XSHA512 a');
      hashed.hashesHang = false;
      await first.send('ABOR\r\n');
      expect((await first.reply()).code).to.equal(426);
      expect((await first.reply()).code).to.equal(226);
      expect((await second.reply()).code).to.equal(250);
    },
  },
  {
    limit: 'maxStatusEntries',
    limits: { maxStatusEntries: 2 },
    what: 'STAT of a directory with one entry more is 450',
    meet: async (server) => {
      server.seed({ 'folder/1': '', 'folder/2': '' });
      await using client = await RawFtpClient.loggedIn(server);
      await client.expect(212, 'STAT folder');
      server.seed({ 'folder/3': '' });
      await client.expect(450, 'STAT folder');
    },
  },
  {
    limit: 'maxPassivePorts',
    limits: { maxPassivePorts: 2 },
    what: 'one port more is 425, whoever asks, and can be had when another is used',
    meet: async (server) => {
      await using one = await RawFtpClient.loggedIn(server);
      await using two = await RawFtpClient.loggedIn(server);
      await using three = await RawFtpClient.loggedIn(server);
      await one.expect(229, 'EPSV');
      await two.expect(229, 'EPSV');
      await three.expect(425, 'EPSV');
      await one.expect(226, 'ABOR');
      await three.expect(229, 'EPSV');
    },
  },
  {
    limit: 'maxPassivePortsPerAddress',
    limits: { maxPassivePortsPerAddress: 1 },
    what: "one port more than an address's share is 425",
    meet: async (server) => {
      await using one = await RawFtpClient.loggedIn(server);
      await using two = await RawFtpClient.loggedIn(server);
      await one.expect(227, 'PASV');
      await two.expect(425, 'PASV');
      await one.expect(229, 'EPSV');
    },
  },
  {
    limit: 'passivePortTimeoutMs',
    limits: { passivePortTimeoutMs: 100 },
    what: 'a port that nobody comes to is closed',
    meet: async (server) => {
      await using client = await RawFtpClient.loggedIn(server);
      const told = server.next('limit');
      await client.extendedPassive();
      await told;
      expect(server.server.metrics().gauges.passivePorts).to.equal(0);
    },
  },
];

describe('a limit of the server', () => {
  for (const { limit, limits, what, meet, fileSystem } of cases) {
    it(`${limit}: ${what}, and the event names the limit and the client`, async () => {
      await using server = await TestServer.start({
        ...{ limits, files: { 'a.txt': 'content' } },
        ...(fileSystem && { fileSystem }),
      });
      const told = server.next('limit');
      await meet(server);
      expect(await told).to.include({ limit, value: limits[limit] });
      expect((await told).client.address).to.equal('127.0.0.1');
      expect(server.limits).to.have.length(1);
      expect(server.server.metrics().counters.limits[limit]).to.equal(1);
    });
  }
});
