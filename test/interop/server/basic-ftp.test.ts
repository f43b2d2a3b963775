// basic-ftp, the ecosystem's client, against our server under binding `require`.
import { Readable } from 'node:stream';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlMode } from '@ftps-kit/ftps-server';
import { withBasicFtp } from '../../support/peers/basic-ftp.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');

describe('basic-ftp', () => {
  for (const mode of ['explicit', 'implicit'] satisfies ControlMode[]) {
    for (const versions of ['1.3', '1.2'] as const) {
      it(`lists, uploads and downloads, ${mode}, TLS ${versions}, every data connection bound`, async () => {
        await using server = await TestServer.start({ mode, versions, files: { 'folder/a.bin': content } });
        await withBasicFtp(server, async (client) => {
          expect((await client.list('folder')).map(({ name, size }) => [name, size])).to.deep.equal([
            ['a.bin', content.length],
          ]);
          await withTemporaryFolder(async (folder) => {
            await client.downloadTo(join(folder, 'a.bin'), 'folder/a.bin');
            expect((await readFile(join(folder, 'a.bin'))).equals(content)).to.equal(true);
          });
          for (const name of ['1.bin', '2.bin', '3.bin']) {
            await client.uploadFrom(Readable.from([content]), name);
            expect(server.bytes(name).equals(content)).to.equal(true);
          }
        });
        expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(5).fill('bound'));
        for (const { handshake } of server.transfers) expect(handshake?.protocol).to.equal(`TLSv${versions}`);
      });
    }
  }
});
