// A pool whose members' connections are killed at random while it moves many small files.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsPool } from '@ftps-kit/ftps-client';
import type { ProxiedConnection } from '../support/fault-proxy.js';
import { SeededRandom } from '../support/seeded-random.js';
import { StormyServer } from '../support/stormy-server.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** `FTPS_POOL_FILES` is how many files there are, `FTPS_POOL_SEED` repeats a run. */
const count = Number(process.env['FTPS_POOL_FILES'] ?? 150);
const seed = Number(process.env['FTPS_POOL_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));
const retry = { attempts: 10, firstDelayMs: 1, maxDelayMs: 20 };

const contentOf = (number: number): string => `file ${number} ${'x'.repeat(number % 300)}`;

/** Kills one connection about every `every` files. */
function killer(random: SeededRandom, connections: ReadonlySet<ProxiedConnection>, every: number) {
  let kills = 0;
  return {
    get kills() {
      return kills;
    },
    maybe: (): void => {
      if (!random.chance(1 / every) || connections.size === 0) return;
      random.pick([...connections]).kill();
      kills += 1;
    },
  };
}

describe(`a pool of 8 whose connections are killed at random (FTPS_POOL_SEED=${seed})`, () => {
  it(`moves ${count} files both ways: all arrive, each once, none doubled, none lost`, async function () {
    this.timeout(0);
    await using stormy = await StormyServer.start();
    const { server, proxy } = stormy;
    await using pool = new FtpsPool(
      { ...stormy.options, reconnect: true },
      { size: 8, growAgainMs: 50, acquireTimeoutMs: 60_000 },
    );
    const death = killer(new SeededRandom(seed), proxy.connections, 10);
    const numbers = Array.from({ length: count }, (_, number) => number);

    const uploads = numbers.map(async (number) => {
      const result = await pool.upload(Buffer.from(contentOf(number)), `/${number}`, { retry });
      death.maybe();
      return result;
    });
    const sent = await Promise.all(uploads);
    expect(sent.map(({ sizeBytes }) => sizeBytes)).to.deep.equal(numbers.map((number) => contentOf(number).length));
    expect(server.names()).to.deep.equal(numbers.map(String).sort());
    for (const number of numbers) expect(server.read(String(number))).to.equal(contentOf(number));

    await withTemporaryFolder(async (folder) => {
      const downloads = numbers.map(async (number) => {
        await pool.download(`/${number}`, join(folder, String(number)), { retry });
        death.maybe();
      });
      await Promise.all(downloads);
      expect(readdirSync(folder).sort()).to.deep.equal(numbers.map(String).sort());
      for (const number of numbers) {
        expect(readFileSync(join(folder, String(number)), 'utf8')).to.equal(contentOf(number));
      }
    });
    expect(death.kills).to.be.above(0);
    expect(pool.metrics).to.include({ busy: 0, waiting: 0 });
  });
});
