// lftp against our server under binding `require`: resumption in both sides' words.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlMode } from '@ftps-kit/ftps-server';
import { lftp } from '../../support/peers/lftp.js';
import { requirePeer } from '../../support/peers/peer.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');

describe('lftp', () => {
  before(function () {
    requirePeer(this, lftp);
  });

  for (const mode of ['explicit', 'implicit'] satisfies ControlMode[]) {
    for (const versions of ['1.3', '1.2'] as const) {
      it(`lists, downloads and uploads, ${mode}, TLS ${versions}, every data connection resumed and bound`, async () => {
        await using server = await TestServer.start({ mode, versions, files: { 'folder/a.bin': content } });
        await withTemporaryFolder(async (folder) => {
          await writeFile(join(folder, 'up.bin'), content);
          const output = await lftp.run(
            server,
            ['cls -1 folder', 'get folder/a.bin', 'put up.bin', 'put up.bin -o 2.bin'],
            {
              cwd: folder,
            },
          );
          expect(output.code, output.stderr.slice(-2_000)).to.equal(0);
          expect(lftp.resumptions(output)).to.equal(4);
          expect(output.stdout).to.include('folder/a.bin');
          expect((await readFile(join(folder, 'a.bin'))).equals(content)).to.equal(true);
          for (const name of ['up.bin', '2.bin']) expect(server.bytes(name).equals(content)).to.equal(true);
        });
        expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound', 'bound', 'bound']);
        expect(server.transfers.every(({ replyCode }) => replyCode === 226)).to.equal(true);
        for (const { handshake } of server.transfers) expect(handshake?.protocol).to.equal(`TLSv${versions}`);
      });
    }
  }

  it('mirrors a tree down and up again, with several files at a time', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`tree/d${index % 3}/f${index}`, `content ${index}`]),
    );
    await using server = await TestServer.start({ files });
    await withTemporaryFolder(async (folder) => {
      const output = await lftp.run(server, ['mirror --parallel=2 tree copy', 'mirror -R copy back'], { cwd: folder });
      expect(output.code, output.stderr.slice(-2_000)).to.equal(0);
    });
    for (const [path, text] of Object.entries(files)) expect(server.read(path.replace('tree', 'back'))).to.equal(text);
    expect(server.transfers.filter(({ verdict }) => verdict !== 'bound')).to.deep.equal([]);
  });
});
