// Faults at random places of control and data connections, from seeds that can be repeated.
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient } from '@ftps-kit/ftps-client';
import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { collect } from '../support/collect.js';
import { bearFaults, type Tally } from '../support/fault-workload.js';
import { SeededRandom } from '../support/seeded-random.js';
import { StormyServer } from '../support/stormy-server.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { PHASE_NAMES, Storm, type PhaseName } from '../support/weather.js';

/** `FTPS_FAULT_SEED=N` repeats one; `FTPS_FAULT_RUNS` is how many there are from 1 on. */
const repeated = process.env['FTPS_FAULT_SEED'];
const runs = Number(process.env['FTPS_FAULT_RUNS'] ?? 40);
const seeds = repeated === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(repeated)];
/** Time limits are waited for side by side. */
const workers = Math.min(6, seeds.length);

describe('a client whose connections are split, delayed, cut, reset and silenced', () => {
  it(`ends every call in the right bytes or a typed error, in time (${seeds.length} seeds)`, async function () {
    this.timeout(0);
    await withTemporaryFolder(async (folder) => {
      const queue = [...seeds];
      const failures: string[] = [];
      const tally: Tally = { succeeded: 0, failed: 0 };
      const struck: PhaseName[] = [];
      await Promise.all(
        Array.from({ length: workers }, async (_, worker) => {
          // Files that are uploaded show under their name at once on some of the servers, and on the others when they are whole.
          const isInPlace = worker % 3 === 2;
          const fileSystem = (root: string) => new LocalFileSystem(root, { inPlace: isInPlace });
          // A client that went while it was waited for is waited for no longer than that.
          const limits = { dataConnectTimeoutMs: 3_000 };
          await using stormy = await StormyServer.start({ fileSystem, limits });
          for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
            try {
              struck.push(...(await bear(stormy, { seed, folder, isInPlace }, tally)));
            } catch (error) {
              failures.push(`seed ${seed} (repeat it with FTPS_FAULT_SEED=${seed}): ${String(error)}`);
            }
          }
        }),
      );
      expect(failures.join('\n')).to.equal('');
      // Weather that harms nobody, or lets nobody through, would prove nothing.
      if (seeds.length > 10) expect(Math.min(tally.succeeded, tally.failed)).to.be.above(seeds.length / 5);
      for (const phase of seeds.length > 10 ? PHASE_NAMES : []) {
        const count = struck.filter((name) => name === phase).length;
        expect(count, `faults that struck in the phase ${phase}`).to.be.above(seeds.length / 25);
      }
    });
  });
});

interface Run {
  readonly seed: number;
  readonly folder: string;
  readonly isInPlace: boolean;
}

/** Gives where it was struck. */
async function bear(stormy: StormyServer, { seed, folder, isInPlace }: Run, tally: Tally): Promise<PhaseName[]> {
  const { server, proxy } = stormy;
  const random = new SeededRandom(seed);
  const remote = `seed-${seed}`;
  const { struck, weather } = new Storm(random);
  const wasStruck = (): boolean => struck.length > 0;
  proxy.weather = weather;
  try {
    const place = { server, options: stormy.options, local: join(folder, remote), remote, isInPlace, wasStruck };
    await bearFaults(place, random, tally);
  } finally {
    proxy.weather = () => ({ faults: [] });
    await stormy.clear();
  }
  expect(struck, 'faults that struck').to.not.deep.equal([]);
  // Half an upload under a temporary name is the client's, which may have lost its way to remove it; the server has none.
  const hidden = server.names(remote).filter((name) => name.startsWith('.') && !name.endsWith('.ftps-part'));
  expect(hidden).to.deep.equal([]);
  // The server bore it too.
  await using client = await FtpsClient.connect(stormy.options);
  expect((await collect(client.list(`/${remote}/fixed`))).map(({ name }) => name).sort()).to.deep.equal(['a', 'b']);
  return struck;
}
