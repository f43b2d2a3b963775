// wget --ftps-resume-ssl against our server under binding `require`: resumption in both sides' words.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlMode, TransferEvent } from '@ftps-kit/ftps-server';
import { HandshakeError } from '@ftps-kit/tls-core';
import { requirePeer } from '../../support/peers/peer.js';
import type { ProgramOutput } from '../../support/peers/run-program.js';
import { wget, type WgetOptions } from '../../support/peers/wget.js';
import { requireOpenssl } from '../../support/requirement.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');

/**
 * Runs wget, again where it came too late: it takes its control connection's session right after the handshake, and GnuTLS
 * waits no more than some 60 ms for a ticket then (`gnutls_session_get_data2`). A busy machine needs longer at times.
 */
async function runInTime(server: TestServer, args: readonly string[], options: WgetOptions): Promise<ProgramOutput> {
  for (let attempt = 1; ; ++attempt) {
    const output = await wget.run(server, args, options);
    const late = /522.TLS session of the data connection was not resumed/.test(output.stderr);
    if (!late || attempt === 5) return output;
  }
}

/** The transfers but for those that were refused because wget came too late. */
function served({ transfers }: TestServer): readonly TransferEvent[] {
  return transfers.filter(({ replyCode }) => replyCode !== 522);
}

describe('wget', () => {
  before(function () {
    requirePeer(this, wget);
  });

  for (const mode of ['explicit', 'implicit'] satisfies ControlMode[]) {
    for (const versions of ['1.3', '1.2'] as const) {
      // Under TLS 1.2 wget leaves out the extended master secret, which the openssl engine sees and demands.
      const engine = versions === '1.2' ? 'node' : 'auto';
      it(`lists and downloads, ${mode}, TLS ${versions}, every data connection resumed and bound`, async () => {
        await using server = await TestServer.start({ mode, versions, engine, files: { 'folder/a.bin': content } });
        await withTemporaryFolder(async (folder) => {
          const got = await runInTime(server, [wget.url(server, 'folder/a.bin'), '-O', 'got.bin'], { cwd: folder });
          const listed = await runInTime(server, [wget.url(server, 'folder/'), '--no-remove-listing'], { cwd: folder });
          for (const output of [got, listed]) {
            expect(output.code, output.stderr.slice(-2_000)).to.equal(0);
            expect(wget.resumptions(output)).to.equal(1);
          }
          expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
          expect(await readFile(join(folder, '.listing'), 'utf8')).to.match(/ a\.bin\r?\n/);
        });
        expect(served(server).map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound']);
        for (const { handshake } of served(server)) expect(handshake?.protocol).to.equal(`TLSv${versions}`);
      });
    }
  }

  it('under TLS 1.2 has no extended master secret (RFC 7627), which the openssl engine does not take', async function () {
    requireOpenssl(this, 'the portable engine does not see it');
    await using server = await TestServer.start({ versions: '1.2', files: { 'a.txt': 'a' } });
    const disconnected = server.next('disconnect');
    const output = await wget.run(server, [wget.url(server, 'a.txt'), '-O', '-']);
    expect(output.code).not.to.equal(0);
    const { error } = await disconnected;
    expect(error).to.be.instanceOf(HandshakeError);
    expect(error?.message).to.match(/extended master secret \(RFC 7627\)/);
  });

  it('takes a whole tree, with the times of its files', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`tree/d${n % 3}/mit Leerzeichen ${n}.txt`, `content ${n}`]),
    );
    await using server = await TestServer.start({ versions: '1.3', files });
    await withTemporaryFolder(async (folder) => {
      const args = ['--recursive', '--no-host-directories', '--no-verbose', wget.url(server, 'tree/')];
      const output = await runInTime(server, args, { cwd: folder });
      expect(output.code, output.stderr.slice(-3_000)).to.equal(0);
      for (const [path, text] of Object.entries(files)) {
        expect(await readFile(join(folder, path), 'utf8')).to.equal(text);
        // Listings give minutes.
        const [local, remote] = await Promise.all([stat(join(folder, path)), stat(join(server.root, path))]);
        expect(Math.floor(local.mtimeMs / 60_000)).to.equal(Math.floor(remote.mtimeMs / 60_000));
      }
    });
    expect(served(server).map(({ verdict }) => verdict)).to.deep.equal(served(server).map(() => 'bound'));
    expect(served(server).filter(({ command }) => command === 'RETR')).to.have.length(12);
  });

  it('resumes a download, and is connected to in active mode', async () => {
    await using server = await TestServer.start({ versions: '1.3', active: true, files: { 'a.bin': content } });
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'a.bin'), content.subarray(0, 100_000));
      const resumed = await runInTime(server, ['-c', wget.url(server, 'a.bin')], { cwd: folder });
      const active = await runInTime(server, ['--no-passive-ftp', wget.url(server, 'a.bin'), '-O', 'b.bin'], {
        cwd: folder,
      });
      for (const output of [resumed, active]) expect(output.code, output.stderr.slice(-3_000)).to.equal(0);
      for (const name of ['a.bin', 'b.bin']) {
        expect((await readFile(join(folder, name))).equals(content)).to.equal(true);
      }
    });
    expect(served(server).map(({ verdict, bytes }) => [verdict, bytes])).to.deep.equal([
      ['bound', 200_000],
      ['bound', 300_000],
    ]);
  });

  it('told not to resume is refused, and the server says why', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'a' } });
    const args = ['--no-ftps-resume-ssl', wget.url(server, 'a.txt'), '-O', '-'];
    const output = await wget.run(server, args, { resume: false });
    expect(output.code).not.to.equal(0);
    expect(output.stdout).to.equal('');
    expect(server.lastTransfer).to.include({ verdict: 'full-handshake', replyCode: 522 });
  });
});
