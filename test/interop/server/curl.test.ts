// curl against our server under binding `require`: resumption in both sides' words.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlMode } from '@ftps-kit/ftps-server';
import { curl } from '../../support/peers/curl.js';
import { requirePeer } from '../../support/peers/peer.js';
import { requireCapability } from '../../support/requirement.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');
const manyFiles = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}`, `content ${index}`]));

describe('curl', () => {
  before(function () {
    requirePeer(this, curl);
  });

  for (const mode of ['explicit', 'implicit'] satisfies ControlMode[]) {
    for (const versions of ['1.3', '1.2'] as const) {
      it(`lists, downloads and uploads, ${mode}, TLS ${versions}, every data connection resumed and bound`, async () => {
        await using server = await TestServer.start({ mode, versions, files: { 'folder/a.bin': content } });
        await withTemporaryFolder(async (folder) => {
          await writeFile(join(folder, 'up.bin'), content);
          const listed = await curl.run(server, ['-l', curl.url(server, 'folder/')]);
          const got = await curl.run(server, [curl.url(server, 'folder/a.bin'), '-o', 'got.bin'], { cwd: folder });
          const sent = await curl.run(server, ['-T', 'up.bin', curl.url(server, 'up.bin')], { cwd: folder });

          for (const output of [listed, got, sent]) {
            expect(output.code, output.stderr).to.equal(0);
            expect(curl.resumptions(output), output.stderr).to.equal(1);
          }
          expect(listed.stdout.trim()).to.equal('a.bin');
          expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
          expect(server.bytes('up.bin').equals(content)).to.equal(true);
        });
        expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound', 'bound']);
        for (const { handshake } of server.transfers) expect(handshake?.protocol).to.equal(`TLSv${versions}`);
      });
    }
  }

  it('goes through many files on one control connection, under TLS 1.2', async () => {
    await using server = await TestServer.start({ versions: '1.2', files: manyFiles });
    await getsAllOf(server);
    expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(12).fill('bound'));
    expect(server.secured).to.have.length(1);
  });

  it('goes through many files on one control connection, under TLS 1.3', async function () {
    // curl presents a ticket of TLS 1.3 once: without a fresh one its second data connection has none left.
    requireCapability(this, 'ticketsOnDemand');
    await using server = await TestServer.start({ versions: '1.3', files: manyFiles });
    await getsAllOf(server);
    expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(12).fill('bound'));
    expect(server.secured).to.have.length(1);
  });

  it('resumes a download where it was broken off', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': '0123456789' } });
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'a.txt'), '01234');
      const got = await curl.run(server, ['-C', '-', curl.url(server, 'a.txt'), '-o', 'a.txt'], { cwd: folder });
      expect(got.code, got.stderr).to.equal(0);
      expect(await readFile(join(folder, 'a.txt'), 'utf8')).to.equal('0123456789');
    });
  });

  it('is told of a wrong password and of a missing file', async () => {
    await using server = await TestServer.start();
    const refused = await curl.run({ ...target(server), password: 'wrong' }, [curl.url(server, '')]);
    expect(refused.code, refused.stderr).to.equal(67);
    const missing = await curl.run(server, [curl.url(server, 'missing.txt')]);
    expect(missing.code, missing.stderr).to.equal(78);
  });
});

/** Downloads all of `manyFiles` in one run. */
async function getsAllOf(server: TestServer): Promise<void> {
  const output = await curl.run(
    server,
    Object.keys(manyFiles).map((name) => curl.url(server, name)),
  );
  expect(output.code, output.stderr).to.equal(0);
  expect(output.stdout).to.equal(Object.values(manyFiles).join(''));
  expect(curl.resumptions(output)).to.equal(12);
}

function target({ host, port, user, caFile, implicit }: TestServer): Omit<Parameters<typeof curl.run>[0], 'password'> {
  return { host, port, user, caFile, implicit };
}
