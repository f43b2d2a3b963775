// What our client does with whole trees on every real server: a suite that is a function of the server.
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsError, FtpsPool, IncompleteListingError, ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import {
  MANY_FILES,
  TLS_VERSIONS,
  clientOptions,
  type RealServer,
  type RunningServer,
  type TlsVersion,
} from './real-server.js';
import { serverOfSuite } from './suite-server.js';

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
  /** Whether it lists names with CR or LF in them, as they are. */
  readonly listsLineEnds?: boolean;
  /**
   * What becomes of links to folders where a tree is removed. `removed`: all go. `outside kept`: one that leads out of the root is
   * not shown, and keeps its folder from being empty. `kept`: each is shown as the folder that it leads to, and cannot be
   * removed.
   */
  readonly links: 'removed' | 'outside kept' | 'kept';
}

export function treeSuite(real: RealServer, facts: TreeFacts): void {
  describe(`trees of our client on ${real.peer.name}`, () => {
    // A login by AUTH TLS that loses its ClientHello has nothing to do with trees.
    const running = serverOfSuite(real, { implicit: real.losesClientHello === true });
    for (const pin of TLS_VERSIONS) {
      describe(`under TLS ${pin}`, () => {
        treesUnder(pin, { respells: real.respells ?? {}, refuses: [], listsLineEnds: false, ...facts }, running);
      });
    }
  });
}

function treesUnder(
  pin: TlsVersion,
  {
    refuses,
    respells,
    listsLineEnds,
    links,
  }: Required<TreeFacts> & { readonly respells: Readonly<Record<string, string>> },
  running: () => RunningServer,
): void {
  async function withPool(work: (pool: FtpsPool, server: RunningServer) => Promise<void>): Promise<void> {
    const server = running();
    await using pool = new FtpsPool(clientOptions(server, pin), { size: 8 });
    await work(pool, server);
  }

  it('have names of every kind, are walked and are removed', async function () {
    this.timeout(60_000);
    await withPool(async (pool, server) => {
      await pool.mkdir('/tree', { recursive: true });
      const names = HOSTILE_NAMES.filter((name) => !(name in respells) && !refuses.includes(name));
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

  it('have no upload called done that the server shows under another name only', async () => {
    await withPool(async (pool) => {
      for (const name of Object.keys(respells)) {
        const outcome = await pool
          .upload(Buffer.from('x'), `/${name}`, { atomic: true })
          .catch((error: unknown) => error);
        if (outcome instanceof FtpsError) continue;
        expect(await pool.size(`/${name}`), name).to.equal(1);
      }
    });
  });

  it('that are missing, or that the server may not read, are no empty ones', async () => {
    await withPool(async (pool, server) => {
      await server.seed({ 'tree/closed/inside': 'x', 'tree/disclosed/other': 'x' });
      for (const folder of ['/missing', '/tree/closed/missing', '/tree/closed/inside']) {
        expect(await rejection(collect(pool.list(folder))), folder).to.be.instanceOf(ReplyError);
      }
      chmodSync(join(server.root, 'tree/closed'), 0o311);
      const failed: string[] = [];
      const walked = await collect(pool.walk('/tree', { onError: (_, path) => failed.push(path) }));
      // The server may be one of root, who reads everything.
      const inside = failed.includes('closed') ? [] : ['closed/inside'];
      const all = ['closed', ...inside, 'disclosed', 'disclosed/other'];
      expect(walked.map(({ path }) => path).sort()).to.deep.equal(all);
    });
  });

  it(`hold ${MANY_FILES} small files, moved both ways on several logins`, async function () {
    this.timeout(180_000);
    await withPool(async (pool, server) => {
      const numbers = Array.from({ length: MANY_FILES }, (_, number) => number);
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

  it('have names at their root that mean a home folder or an option to some, and take nothing else along', async () => {
    await withPool(async (pool, server) => {
      await pool.upload(Buffer.from('p'), 'precious');
      await Promise.all(
        ROOT_NAMES.map(async (name) => {
          await pool.mkdir(`./${name}`);
          await pool.upload(Buffer.from(name), `./${name}/inside`);
        }),
      );
      const paths = (await collect(pool.walk())).map(({ path }) => path);
      const made = ROOT_NAMES.flatMap((name) => [name, `${name}/inside`]);
      expect(paths.sort()).to.deep.equal(['precious', ...made].sort());
      const useAndRemove = async (name: string): Promise<void> => {
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
      };
      await Promise.all(ROOT_NAMES.map(useAndRemove));
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
        const shown = (await collect(pool.list('/tree/a'))).map(({ name, type }) => [name, type]);
        const showsLinks = { circle: 'directory', inside: 'directory' };
        if (links === 'kept') expect(Object.fromEntries(shown)).to.deep.equal(showsLinks);
        const removal = pool.removeDirectory('/tree', { recursive: true });
        if (links === 'kept') {
          expect(await rejection(removal)).to.be.instanceOf(ReplyError);
          expect(readdirSync(join(server.root, 'tree/a')).sort()).to.deep.equal(['circle', 'inside']);
        } else {
          await removal;
          expect(readdirSync(server.root)).to.deep.equal(['keep']);
        }

        await pool.mkdir('/other');
        symlinkSync(join(outside, 'x'), join(server.root, 'other/outside'));
        const other = pool.removeDirectory('/other', { recursive: true });
        if (links === 'removed') await other;
        else expect(await rejection(other)).to.be.instanceOf(ReplyError);
        expect(existsSync(join(server.root, 'other'))).to.equal(links !== 'removed');
        expect(readFileSync(join(server.root, 'keep/precious'), 'utf8')).to.equal('p');
        expect(readFileSync(join(outside, 'x/precious'), 'utf8')).to.equal('p');
      });
    });
  });

  const respelled = HOSTILE_NAMES.filter((name) => name in respells);
  if (respelled.length > 0) {
    it(`get other names from the server for some: ${respelled.map((name) => JSON.stringify(name)).join(', ')}`, async () => {
      await withPool(async (pool, server) => {
        for (const name of respelled) {
          await pool.mkdir(`/${name}`);
          const parts = respells[name]?.split('/') ?? [];
          const made = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
          expect(readdirSync(server.root, { recursive: true }).sort()).to.deep.equal(made);
          expect((await collect(pool.walk('/'))).map(({ path }) => path).sort()).to.deep.equal(made);
          await pool.removeDirectory(`/${made[0] ?? ''}`, { recursive: true });
          expect(readdirSync(server.root)).to.deep.equal([]);
        }
      });
    });
  }
}

function byNumber([a = 0]: (number | undefined)[], [b = 0]: (number | undefined)[]): number {
  return a - b;
}
