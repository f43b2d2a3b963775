// What our client does with whole trees on every real server: a suite that is a function of the server.
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsPool, IncompleteListingError, ReplyError, type FtpsError } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { clientOptions, type RealServer, type RunningServer } from './server-suite.js';

/** Names that some program on the way might take for something else. */
export const HOSTILE_NAMES: readonly string[] = [
  ...['größer als „klein“', '日本語', 'e\u0301', '😀', 'mit  zwei Leerzeichen', ' before', 'behind '],
  ...['-l', '--help', '~', '~root', '#', '%2e%2e', '%s', '...', '..x', "it's", 'q"uote', 'a\\b', 'C:', 'con'],
  ...[
    '*',
    '?',
    '[a-z]',
    '{a,b}',
    '$(id)',
    '`id`',
    '&& id',
    '| id',
    '; id',
    'type=dir; x',
    'a -> b',
    'a=b',
    'tab\tin it',
  ],
];

/** Names that, in front of a path, some server takes for a home folder or for options. */
const ROOT_NAMES: readonly string[] = ['~', '-l', '~root', '~a b', '-', '-a', '--help'];

/** What is known of a server's trees. */
export interface TreeFacts {
  /** Names that it does not let be made. */
  readonly refuses?: readonly string[];
  /** Names that it makes and does not list as they are, which so cannot be reached again. */
  readonly garbles?: readonly string[];
  /** Whether it takes so long for each file that a second time with all of them proves too little. */
  readonly isSlow?: boolean;
  /** Whether it lists names with CR or LF in them, as they are. */
  readonly listsLineEnds?: boolean;
  /** What it does with a link to a folder outside the tree, and whether a removal takes it away. */
  readonly links: 'removed' | 'kept' | 'followed';
}

export function treeSuite(real: RealServer, facts: TreeFacts): void {
  for (const pin of ['1.3', '1.2'] as const) treesUnder(pin, real, facts);
}

function treesUnder(
  pin: '1.2' | '1.3',
  real: RealServer,
  { refuses = [], garbles = [], isSlow = false, listsLineEnds = false, links }: TreeFacts,
): void {
  /** A pool there; it is asked for TLS at once where AUTH TLS loses ClientHellos. */
  async function withPool(work: (pool: FtpsPool, server: RunningServer) => Promise<void>): Promise<void> {
    await using server = await real.start({ implicit: real.losesClientHello === true });
    await using pool = new FtpsPool(clientOptions(server, pin), { size: 8 });
    await work(pool, server);
  }

  describe(`trees of our client on ${real.peer.name}, under TLS ${pin}`, () => {
    before(function () {
      requirePeer(this, real.peer);
    });

    it('have names of every kind, are walked and are removed', async function () {
      this.timeout(60_000);
      await withPool(async (pool, server) => {
        await pool.mkdir('/tree', { recursive: true });
        const names = HOSTILE_NAMES.filter((name) => !garbles.includes(name) && !refuses.includes(name));
        for (const name of refuses)
          expect(await rejection(pool.mkdir(`/tree/${name}`)), name).to.be.instanceOf(ReplyError);
        await Promise.all(
          names.map(async (name) => {
            await pool.mkdir(`/tree/${name}`);
            await pool.upload(Buffer.from(name), `/tree/${name}/${name}`);
          }),
        );
        expect(readdirSync(join(server.root, 'tree')).sort()).to.deep.equal([...names].sort());
        const paths = (await collect(pool.walk('/tree'))).map(({ path }) => path);
        expect(paths.sort()).to.deep.equal(names.flatMap((name) => [name, `${name}/${name}`]).sort());
        await Promise.all(
          names.map(async (name) => {
            expect(await pool.stat(`/tree/${name}/${name}`), name).to.include({ name, type: 'file' });
            expect(await pool.exists(`/tree/${name}/missing`), name).to.equal(false);
          }),
        );
        await pool.rename(`/tree/${names[0] ?? ''}`, '/tree/renamed');
        expect(await pool.stat('/tree/renamed')).to.include({ type: 'directory' });
        await pool.removeDirectory('/tree', { recursive: true });
        expect(readdirSync(server.root)).to.deep.equal([]);
      });
    });

    const files = isSlow && pin === '1.2' ? 40 : 200;
    it(`hold ${files} small files, moved both ways on several logins`, async function () {
      this.timeout(60_000);
      await withPool(async (pool, server) => {
        const numbers = Array.from({ length: files }, (_, number) => number);
        const contentOf = (number: number): string => `${number} `.repeat(number);
        await Promise.all(Array.from({ length: 10 }, (_, folder) => pool.mkdir(`/${folder}`)));
        // One of them is empty.
        await Promise.all(
          numbers.map((number) => pool.upload(Buffer.from(contentOf(number)), `/${number % 10}/${number}`)),
        );
        const found = (await collect(pool.walk('/'))).filter(({ type }) => type === 'file');
        expect(found.map(({ name, size }) => [Number(name), size]).sort(byNumber)).to.deep.equal(
          numbers.map((number) => [number, contentOf(number).length]),
        );
        await withTemporaryFolder(async (folder) => {
          await Promise.all(found.map(({ path, name }) => pool.download(`/${path}`, join(folder, name))));
          for (const number of numbers) {
            expect(readFileSync(join(folder, String(number)), 'utf8')).to.equal(contentOf(number));
          }
        });
        await Promise.all(Array.from({ length: 10 }, (_, f) => pool.removeDirectory(`/${f}`, { recursive: true })));
        expect(readdirSync(server.root)).to.deep.equal([]);
      });
    });

    // What follows is the same whatever the bytes travel in.
    if (pin === '1.2') return;

    it('have names at their root that mean a home folder or an option to some, and take nothing else along', async () => {
      await withPool(async (pool, server) => {
        const names = (isSlow ? ROOT_NAMES.slice(0, 2) : ROOT_NAMES).filter(
          (name) => !garbles.includes(name) && !refuses.includes(name),
        );
        await pool.upload(Buffer.from('p'), 'precious');
        for (const name of names) {
          await pool.mkdir(`./${name}`);
          await pool.upload(Buffer.from(name), `./${name}/inside`);
        }
        const paths = (await collect(pool.walk())).map(({ path }) => path);
        expect(paths.sort()).to.deep.equal(['precious', ...names.flatMap((name) => [name, `${name}/inside`])].sort());
        for (const name of names) {
          expect(
            (await collect(pool.list(name))).map((entry) => entry.name),
            name,
          ).to.deep.equal(['inside']);
          expect(await pool.stat(name), name).to.include({ name, type: 'directory' });
          await pool.rename(name, `${name}2`);
          await pool.rename(`${name}2`, name);
          await pool.upload(Buffer.from('twice'), `${name}/inside`);
          expect(readFileSync(join(server.root, name, 'inside'), 'utf8'), name).to.equal('twice');
          await pool.removeDirectory(name, { recursive: true });
          expect(existsSync(join(server.root, name)), name).to.equal(false);
        }
        expect(readdirSync(server.root)).to.deep.equal(['precious']);
      });
    });

    it('are made with what is around them, and as good as made where they stand', async () => {
      await withPool(async (pool, server) => {
        await Promise.all(['/a/b/c', '/a/b/d', '/a/b/c', '/a'].map((path) => pool.mkdir(path, { recursive: true })));
        expect(readdirSync(join(server.root, 'a/b')).sort()).to.deep.equal(['c', 'd']);
        await pool.upload(Buffer.from('x'), '/file');
        const error = await rejection(pool.mkdir('/file/below', { recursive: true }));
        expect(error).to.be.instanceOf(ReplyError);
      });
    });

    it('are not forged by names that hold line ends, and removed only where nothing of them is left unread', async () => {
      await withPool(async (pool, server) => {
        await pool.mkdir('/odd/feed', { recursive: true });
        await pool.mkdir('/odd/return');
        await pool.upload(Buffer.from('g'), '/odd/feed/good');
        const feeds = ['c\nd', 'z\ntype=dir;size=1; victim', 'y\n-rw-r--r-- 1 a a 5 Jan  1 10:00 victim'];
        for (const name of feeds) writeFileSync(join(server.root, 'odd/feed', name), 'f');
        writeFileSync(join(server.root, 'odd/return/a\rb'), 'r');
        const names: string[] = [];
        const told: FtpsError[] = [];
        const onError = (error: FtpsError): void => void told.push(error);
        for await (const { path } of pool.walk('/odd', { onError })) names.push(path);
        // A server may leave such names out. What it lists of them is told, and no entry.
        const all = ['feed', 'feed/good', 'return', 'return/a\rb'];
        expect(names.sort()).to.deep.equal(listsLineEnds ? all : all.slice(0, 3));
        const unread = told.map((error) => (error instanceof IncompleteListingError ? error.unread.length : error));
        expect(unread).to.deep.equal(listsLineEnds ? [feeds.length] : []);
        const error = await rejection(pool.removeDirectory('/odd/feed', { recursive: true }));
        expect(error).to.be.instanceOf(listsLineEnds ? IncompleteListingError : ReplyError);
        expect(readdirSync(join(server.root, 'odd/feed'))).to.include.members(feeds);
      });
    });

    if (links !== 'followed') {
      it('are removed without what their links lead to', async () => {
        await withTemporaryFolder(async (outside) => {
          await withPool(async (pool, server) => {
            mkdirSync(join(outside, 'x'));
            writeFileSync(join(outside, 'x/precious'), 'p');
            await pool.mkdir('/keep');
            await pool.upload(Buffer.from('p'), '/keep/precious');
            await pool.mkdir('/tree/a', { recursive: true });
            symlinkSync('../../keep', join(server.root, 'tree/a/inside'));
            symlinkSync('../keep/precious', join(server.root, 'tree/file link'));
            symlinkSync('../../tree', join(server.root, 'tree/a/circle'));
            await pool.removeDirectory('/tree', { recursive: true });
            expect(readdirSync(server.root)).to.deep.equal(['keep']);

            await pool.mkdir('/other');
            symlinkSync(join(outside, 'x'), join(server.root, 'other/outside'));
            const removal = pool.removeDirectory('/other', { recursive: true });
            if (links === 'removed') await removal;
            else expect(await rejection(removal)).to.be.instanceOf(ReplyError);
            expect(readFileSync(join(server.root, 'keep/precious'), 'utf8')).to.equal('p');
            expect(readFileSync(join(outside, 'x/precious'), 'utf8')).to.equal('p');
          });
        });
      });
    }
  });
}

function byNumber([a = 0]: (number | undefined)[], [b = 0]: (number | undefined)[]): number {
  return a - b;
}
