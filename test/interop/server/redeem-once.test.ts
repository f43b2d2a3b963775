// Tickets that serve one data connection each, with clients that know nothing of it: a fresh one comes ahead of each.
import { Writable } from 'node:stream';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { withBasicFtp } from '../../support/peers/basic-ftp.js';
import { curl } from '../../support/peers/curl.js';
import { lftp } from '../../support/peers/lftp.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { pythonFtplib } from '../../support/peers/python-ftplib.js';
import { wget } from '../../support/peers/wget.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`tree/f${n}`, `content ${n}`]));
const names = Object.keys(files);

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}

/** A server that redeems each ticket once; afterwards every data connection was bound, on one control connection. */
async function withServer(use: (server: TestServer) => Promise<void>): Promise<void> {
  await using server = await TestServer.start({ engine: 'openssl', versions: '1.3', tls: { redeem: 'once' }, files });
  await use(server);
  expect(server.transfers.filter(({ command }) => command === 'RETR')).to.have.length(names.length);
  expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(server.transfers.map(() => 'bound'));
  expect(server.secured).to.have.length(1);
}

describe('where tickets are redeemed once', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  it('curl is served many files', async function () {
    requirePeer(this, curl);
    await withServer(async (server) => {
      const output = await curl.run(
        server,
        names.map((name) => curl.url(server, name)),
      );
      expect(output.code, output.stderr).to.equal(0);
      expect(output.stdout).to.equal(Object.values(files).join(''));
    });
  });

  it('lftp mirrors a tree', async function () {
    requirePeer(this, lftp);
    await withServer(async (server) => {
      await withTemporaryFolder(async (folder) => {
        const output = await lftp.run(server, ['mirror tree copy'], { cwd: folder });
        expect(output.code, output.stderr.slice(-2_000)).to.equal(0);
        expect(await readFile(join(folder, 'copy', 'f9'), 'utf8')).to.equal('content 9');
      });
    });
  });

  it("Python's ftplib with session= gets file after file", async function () {
    requirePeer(this, pythonFtplib);
    await withServer(async (server) => {
      const output = await pythonFtplib.run(
        server,
        names.map((name) => ['retr', name] as const),
        { mode: 'session' },
      );
      expect(output.code, output.stdout + output.stderr).to.equal(0);
    });
  });

  it('basic-ftp downloads file after file', async () => {
    await withServer(async (server) => {
      await withBasicFtp(server, async (client) => {
        for (const name of names) await client.downloadTo(nowhere(), name);
      });
    });
  });

  it('wget, which keeps the ticket of its login, gets one data connection for each', async function () {
    requirePeer(this, wget);
    await using server = await TestServer.start({ engine: 'openssl', versions: '1.3', tls: { redeem: 'once' }, files });
    await wget.run(server, ['--recursive', '--no-host-directories', wget.url(server, 'tree/')]);
    const bound = server.transfers.filter(({ verdict }) => verdict === 'bound');
    expect(bound.length).to.be.at.most(server.secured.length);
    for (const { verdict, replyCode } of server.transfers) expect(replyCode).to.equal(verdict === 'bound' ? 226 : 522);
    expect(server.transfers.length).to.be.greaterThan(bound.length);
  });
});
