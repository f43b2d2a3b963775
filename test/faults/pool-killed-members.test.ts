// A pool whose connections are killed at random while it moves many files; each transfer tries again itself, and takes effect once.
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsPool, type FtpsClient, type TransferResult } from '@ftps-kit/ftps-client';
import { CommittingFileSystem, type Commit } from '../support/committing-file-system.js';
import type { ProxiedConnection } from '../support/fault-proxy.js';
import { SeededRandom } from '../support/seeded-random.js';
import { StormyServer } from '../support/stormy-server.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** `FTPS_POOL_FILES` is how many files there are, `FTPS_POOL_SEED` repeats a run. */
const count = Number(process.env['FTPS_POOL_FILES'] ?? 150);
const seed = Number(process.env['FTPS_POOL_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));
const retry = { attempts: 10, firstDelayMs: 1, maxDelayMs: 20 };

/** Some are so large that connections are killed while their bytes move. */
const isLarge = (number: number): boolean => number % 16 === 0;
const contentOf = (number: number): string =>
  `file ${number} ${'x'.repeat(isLarge(number) ? 150_000 + number : number % 300)}`;

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

/** A server whose commits are counted, behind a proxy. */
async function startCounting(): Promise<{ readonly stormy: StormyServer; readonly files: CommittingFileSystem }> {
  let files: CommittingFileSystem | undefined;
  const stormy = await StormyServer.start({ fileSystem: (root) => (files = new CommittingFileSystem(root)) });
  if (files === undefined) throw new Error('the server has no file system');
  return { stormy, files };
}

/**
 * How an upload took effect: `once`; or `looked`, where a reply was lost and the next attempt found all of it there and
 * added no byte; or `missed`, where the next attempt looked before the first had taken effect, and sent it again. Throws
 * for a file that was stored again though its uploader could have known.
 */
function howOften(commits: readonly Commit[], sizeBytes: number): 'once' | 'looked' | 'missed' {
  const stored = commits.filter(({ bytes }) => bytes > 0);
  const isWhole = stored.every(({ kind, bytes }) => kind === 'replace' && bytes === sizeBytes);
  const again = stored.slice(0, -1);
  if (stored.length === 0 || !isWhole || again.some(({ wasMissed }) => !wasMissed)) {
    throw new Error(`it took effect as ${JSON.stringify(commits)}, and has ${sizeBytes} bytes`);
  }
  if (again.length > 0) return 'missed';
  return commits.length === 1 ? 'once' : 'looked';
}

describe(`a pool of 8 whose connections are killed at random (FTPS_POOL_SEED=${seed})`, () => {
  it(`moves ${count} files both ways: all arrive, each takes effect once, none lost`, async function () {
    this.timeout(0);
    const { stormy, files } = await startCounting();
    await using server = stormy;
    const { proxy } = server;
    await using pool = new FtpsPool(
      // A client does not come back by itself: what replaces a lost one between two transfers is the pool.
      server.options,
      // All wait from the beginning; a busy machine is no failure.
      { size: 8, acquireTimeoutMs: 60_000 + count * 500 },
    );
    const members = new Set<FtpsClient>();
    pool.on('open', (client) => members.add(client));
    let lost = 0;
    pool.on('drop', ({ reason }) => (lost += reason === 'lost' ? 1 : 0));
    const death = killer(new SeededRandom(seed), proxy.connections, 10);
    // Also where an upload has taken effect and nobody knows yet.
    files.onCommit = death.maybe;
    const numbers = Array.from({ length: count }, (_, number) => number);

    const uploads = numbers.map(async (number) => {
      const result = await pool.upload(Buffer.from(contentOf(number)), `/${number}`, { retry });
      death.maybe();
      return result;
    });
    const sent = await Promise.all(uploads);
    expect(sent.map(({ sizeBytes }) => sizeBytes)).to.deep.equal(numbers.map((number) => contentOf(number).length));
    expect(server.server.names()).to.deep.equal(numbers.map(String).sort());
    for (const number of numbers) expect(server.server.read(String(number))).to.equal(contentOf(number));

    const effects = numbers.map((number) => howOften(files.of(`/${number}`), contentOf(number).length));
    // Whatever was done more than once was so after a failed attempt, and the result says that there was one.
    sent.forEach((result: TransferResult, number) => {
      if (effects[number] !== 'once') expect(result.attempts, `file ${number}, ${effects[number]}`).to.be.above(1);
    });
    expect(effects.filter((effect) => effect === 'once')).to.have.length.above(count / 2);

    // All that rest are killed as well, and none of them is lent any more.
    const [resting, before] = [[...members].filter(({ isOpen }) => isOpen), { lost, opened: members.size }];
    const gone = Promise.all(resting.map((client) => once(client, 'close')));
    proxy.clear();
    await gone;

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
    expect(resting).not.to.have.length(0);
    expect(lost - before.lost).to.be.at.least(resting.length);
    expect(members.size).to.be.above(before.opened);
    expect(pool.metrics).to.include({ busy: 0, waiting: 0 });
  });

  it('stores no file again whose 226 was lost: it is looked at, and verified', async () => {
    const { stormy, files } = await startCounting();
    await using server = stormy;
    await using pool = new FtpsPool(server.options, { size: 1 });
    // The proxy knows the connections, and the file system the moment.
    files.onCommit = () => {
      files.onCommit = () => undefined;
      server.proxy.clear();
    };
    const content = contentOf(7);
    const result = await pool.upload(Buffer.from(content), '/a', { retry });
    expect(result).to.include({ attempts: 2, bytes: content.length, sizeBytes: content.length, prefix: 'own' });
    expect(result.resumedAt).to.equal(content.length);
    expect(result.verified.by).to.equal('hash');
    expect(howOften(files.of('/a'), content.length)).to.equal('looked');
    expect(files.of('/a').map(({ kind, bytes }) => [kind, bytes])).to.deep.equal([
      ['replace', content.length],
      ['append', 0],
    ]);
    expect(server.server.read('a')).to.equal(content);
  });
});
