// Transfers of a process that is killed at a tenth of its file, and of a later process that goes on with `resume: true`.
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { killAmid } from '../../support/killed-transfer.js';
import { requirePeer } from '../../support/peers/peer.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { knowingOptions, type RealServer, type RunningServer } from './real-server.js';

const sizeBytes = 3_000_000;
const tenth = sizeBytes / 10;

/** The size of the file in `folder` that none of `others` is; 0 where there is none. */
function newBytes(folder: string, others: readonly string[]): number {
  const name = readdirSync(folder).find((candidate) => !others.includes(candidate));
  return name === undefined ? 0 : (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
}

export function killedProcessSuite(real: RealServer): void {
  describe(`a process that is killed amid a transfer with ${real.peer.name}`, function () {
    this.timeout(60_000);
    const content = randomBytes(sizeBytes);
    let server: RunningServer;
    const clients: FtpsClient[] = [];

    before(async function () {
      requirePeer(this, real.peer);
      server = await real.start({ implicit: real.losesClientHello === true });
      await server.seed({ a: content });
    });

    after(async () => {
      await Promise.all(clients.map((client) => client.close()));
      await server[Symbol.asyncDispose]();
    });

    const options = (): FtpsClientOptions => knowingOptions(real, server);

    const nextClient = async (): Promise<FtpsClient> => {
      const client = await FtpsClient.connect(options());
      clients.push(client);
      return client;
    };

    it('has its download gone on with by the next', async () => {
      await withTemporaryFolder(async (folder) => {
        const local = join(folder, 'a');
        const transfer = { options: options(), direction: 'download', local, remote: '/a', afterBytes: tenth } as const;
        const there = await killAmid(transfer, () => newBytes(folder, []));
        expect(there).to.be.within(1, tenth);
        expect(await readdir(folder)).to.not.include('a');

        const client = await nextClient();
        const result = await client.download('/a', local, { resume: true });
        expect(result).to.include({ attempts: 1, resumedAt: there, bytes: sizeBytes - there, sizeBytes });
        expect(result.prefix).to.be.oneOf(['unchanged', 'hash']);
        expect(result.verified.by).to.be.oneOf(['size', 'hash']);
        expect((await readFile(local)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });

    for (const atomic of [false, true]) {
      it(`has its ${atomic ? 'atomic ' : ''}upload gone on with by the next, as far as the server kept it`, async () => {
        await withTemporaryFolder(async (folder) => {
          const local = join(folder, 'b');
          await writeFile(local, content);
          const others = readdirSync(server.root);
          const remote = atomic ? '/atomic' : '/plain';
          const transfer = {
            options: options(),
            direction: 'upload',
            local,
            remote,
            afterBytes: tenth,
            atomic,
          } as const;
          const there = await killAmid(transfer, () => newBytes(server.root, others));

          const client = await nextClient();
          const result = await client.upload(local, remote, { resume: true, atomic });
          // Under the real name only a hash tells whose bytes are there.
          const isProvable = atomic || client.features.has('HASH');
          const resumedAt = real.keepsBrokenUploads && isProvable ? there : 0;
          expect(result).to.include({ attempts: 1, resumedAt, bytes: sizeBytes - resumedAt, sizeBytes });
          if (real.keepsBrokenUploads) expect(there).to.be.within(1, tenth);
          expect(result.verified.by).to.be.oneOf(['size', 'hash']);
          expect(readFileSync(join(server.root, remote)).equals(content)).to.equal(true);
          expect(readdirSync(server.root).sort()).to.deep.equal([...others, remote.slice(1)].sort());
        });
      });
    }
  });
}
