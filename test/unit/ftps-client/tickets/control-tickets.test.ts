import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readFile, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError, ControlTickets, type ControlTicketsOptions } from '@ftps-kit/ftps-client';
import { keptTicket, newKey, sessionOf } from '../../../support/kept-ticket.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const dayMs = 86_400_000;
const noon = Date.UTC(2026, 0, 1, 12);

/** Takes all that there is. */
async function takeAll(tickets: ControlTickets, key: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (;;) {
    const session = sessionOf(await tickets.take(key));
    if (session === undefined) return all;
    all.push(session);
  }
}

/** What is warned of while `work` is done. */
async function warningsDuring(work: () => Promise<void>): Promise<readonly string[]> {
  const warnings: string[] = [];
  const listen = (warning: Error): void => {
    if (warning.name === 'FtpsKitWarning') warnings.push(warning.message);
  };
  process.on('warning', listen);
  try {
    await work();
    // Warnings are told in the next turn.
    await new Promise(setImmediate);
  } finally {
    process.off('warning', listen);
  }
  return warnings;
}

/** One place for tickets on disk, and one in memory, each by all that a test may do with it. */
const places: readonly [string, (work: (options: ControlTicketsOptions) => Promise<void>) => Promise<void>][] = [
  ['in memory', (work) => work({})],
  ['in a folder', (work) => withTemporaryFolder((folder) => work({ folder: join(folder, 'a', 'tickets') }))],
];

for (const [place, within] of places) {
  describe(`tickets that are kept ${place}`, () => {
    it('are handed out once, the newest first, and to nobody else', () =>
      within(async (options) => {
        const tickets = new ControlTickets({ ...options, clock: () => noon });
        const [here, there] = [newKey(), newKey()];
        expect(await tickets.take(here)).to.equal(undefined);
        await tickets.keep(here, [keptTicket('old', noon - 2), keptTicket('new', noon - 1)]);
        await tickets.keep(there, [keptTicket('theirs', noon)]);
        expect(await takeAll(tickets, here)).to.deep.equal(['new', 'old']);
        expect(await takeAll(tickets, newKey())).to.deep.equal([]);
        expect(await takeAll(tickets, there)).to.deep.equal(['theirs']);
      }));

    it('are over when their time is over, and are no good to a clock that is behind', () =>
      within(async (options) => {
        let now = noon;
        const tickets = new ControlTickets({ ...options, clock: () => now });
        const key = newKey();
        await tickets.keep(key, [keptTicket('a', noon), keptTicket('b', noon)]);
        now = noon - 1;
        expect(await tickets.take(key)).to.equal(undefined);
        await tickets.keep(key, [keptTicket('c', now), keptTicket('d', now)]);
        now += dayMs - 1;
        expect(sessionOf(await tickets.take(key))).to.be.oneOf(['c', 'd']);
        now += 1;
        expect(await tickets.take(key)).to.equal(undefined);
      }));

    it('are bounded for each server and in all: what ends first goes', () =>
      within(async (options) => {
        const tickets = new ControlTickets({ ...options, clock: () => noon });
        const keys = Array.from({ length: 40 }, newKey);
        for (const [index, key] of keys.entries()) {
          const ten = Array.from({ length: 10 }, (_, number) =>
            keptTicket(`${index}-${number}`, noon - 1000 + 10 * index + number),
          );
          await tickets.keep(key, ten);
        }
        const taken = await Promise.all(keys.map((key) => takeAll(tickets, key)));
        expect(taken.slice(0, 8).flat()).to.deep.equal([]);
        expect(taken.at(-1)).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2].map((number) => `39-${number}`));
        expect(taken.flat()).to.have.length(256);
      }));

    it('show in nothing that could be logged', () =>
      within(async (options) => {
        const tickets = new ControlTickets(options);
        await tickets.keep(newKey(), [keptTicket('very secret', Date.now())]);
        expect(inspect(tickets, { depth: 9, showHidden: true })).to.not.include('secret');
        expect(JSON.stringify(tickets)).to.equal('{}');
      }));
  });
}

describe('a folder of kept tickets', () => {
  const key = newKey();

  it('is made for its owner alone, and so is each file, and both are found by the next process', () =>
    withTemporaryFolder(async (parent) => {
      const folder = join(parent, 'made', 'here');
      await new ControlTickets({ folder }).keep(key, [keptTicket('one', Date.now())]);
      const [name = ''] = await readdir(folder);
      expect(((await stat(folder)).mode & 0o777).toString(8)).to.equal('700');
      expect(((await stat(join(folder, name))).mode & 0o777).toString(8)).to.equal('600');
      expect(sessionOf(await new ControlTickets({ folder }).take(key))).to.equal('one');
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it('tells no host, no user and no ticket by the names of its files', () =>
    withTemporaryFolder(async (folder) => {
      await new ControlTickets({ folder }).keep(key, [keptTicket('one', Date.now())]);
      expect((await readdir(folder))[0]).to.match(/^[0-9a-f]{64}-\d+-[0-9a-f]{24}$/);
    }));

  const unusable: readonly [string, RegExp, (folder: string) => Promise<unknown>][] = [
    ['others may read', /chmod 700/, (folder) => mkdir(folder).then(() => chmod(folder, 0o755))],
    ['others may write', /chmod 700/, (folder) => mkdir(folder).then(() => chmod(folder, 0o720))],
    ['is a file', /no folder/, (folder) => writeFile(folder, '')],
    [
      'is a link',
      /no folder/,
      (folder) => mkdir(`${folder}.real`, { mode: 0o700 }).then(() => symlink(`${folder}.real`, folder)),
    ],
  ];
  for (const [what, why, make] of unusable) {
    it(`that ${what} is neither believed nor written to, and that is told once`, () =>
      withTemporaryFolder(async (parent) => {
        const folder = join(parent, 'tickets');
        const before = new ControlTickets({ folder: `${folder}.good` });
        await before.keep(key, [keptTicket('one', Date.now())]);
        await make(folder);
        const isFolder = (await stat(folder)).isDirectory();
        // Even what is in it already.
        for (const name of isFolder ? await readdir(`${folder}.good`) : []) {
          await rename(join(`${folder}.good`, name), join(folder, name));
        }
        const listed = isFolder ? await readdir(folder) : [];
        const warnings = await warningsDuring(async () => {
          const tickets = new ControlTickets({ folder });
          for (let time = 0; time < 3; time++) {
            expect(await tickets.take(key)).to.equal(undefined);
            await tickets.keep(key, [keptTicket('very secret', Date.now())]);
          }
        });
        expect(warnings).to.have.length(1);
        expect(warnings[0]).to.match(why).and.include(folder).and.not.include('secret');
        expect(isFolder ? await readdir(folder) : []).to.deep.equal(listed);
        expect(isFolder || (await readFile(folder)).length === 0).to.equal(true);
      }));
  }

  it('gives nothing out of a file that others may read, that is broken, too long or a link; they go', () =>
    withTemporaryFolder(async (folder) => {
      const tickets = new ControlTickets({ folder });
      const spoil: readonly ((path: string) => Promise<unknown>)[] = [
        (path) => chmod(path, 0o640),
        (path) => writeFile(path, '{"version":1'),
        (path) => writeFile(path, ''),
        (path) =>
          writeFile(path, Buffer.concat([keptTicket('padded', Date.now()).encode(), Buffer.alloc(40_000, ' ')])),
        (path) => rename(path, join(folder, 'elsewhere')).then(() => symlink(join(folder, 'elsewhere'), path)),
      ];
      for (const [index, change] of spoil.entries()) {
        await tickets.keep(key, [keptTicket('one', Date.now())]);
        const [name = ''] = (await readdir(folder)).filter((each) => each.startsWith(key));
        await change(join(folder, name));
        const warnings = await warningsDuring(async () => {
          expect(await tickets.take(key), `change ${index}`).to.equal(undefined);
        });
        expect(warnings).to.deep.equal([]);
        expect(await readdir(folder)).to.deep.equal(index === spoil.length - 1 ? ['elsewhere'] : []);
      }
    }));

  it('clears what is over and what was left half written, and touches nothing else', () =>
    withTemporaryFolder(async (folder) => {
      let now = noon;
      const tickets = new ControlTickets({ folder, clock: () => now });
      const chance = 'ab'.repeat(12);
      await tickets.keep(key, [keptTicket('one', noon)]);
      for (const name of [
        `${key}-${noon + dayMs}-${chance}.tmp`,
        // Nobody can have kept it for so long.
        `${key}-${noon + 30 * dayMs}-${chance}`,
        'README',
        `${key}-notes`,
      ]) {
        await writeFile(join(folder, name), 'x', { mode: 0o600 });
      }
      now = noon + dayMs;
      expect(await tickets.take(newKey())).to.equal(undefined);
      expect((await readdir(folder)).sort()).to.deep.equal(['README', `${key}-notes`].sort());
      expect((await lstat(join(folder, 'README'))).size).to.equal(1);
    }));

  it('hands each ticket to one process only, however many take and keep at the same time', async function () {
    this.timeout(60_000);
    await withTemporaryFolder(async (folder) => {
      const names = ['a', 'b', 'c', 'd'];
      const script = new URL('../../../support/ticket-process.ts', import.meta.url);
      const children = names.map((name) => fork(script, [folder, key, name]));
      const says = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0];
      try {
        expect(await Promise.all(children.map(says))).to.deep.equal(names.map(() => 'ready'));
        const told = children.map(says);
        for (const child of children) child.send(50);
        const got = ((await Promise.all(told)) as string[][]).flat();
        expect(got.length).to.be.above(100);
        expect(new Set(got).size).to.equal(got.length);
        expect(await readdir(folder)).to.deep.equal([]);
      } finally {
        for (const child of children) child.kill();
      }
    });
  });

  it('is refused where it is none, or an option is not known', () => {
    for (const options of [{ folder: '' }, { folder: 7 }, { file: 'tickets' }]) {
      expect(() => new ControlTickets(options as ControlTicketsOptions)).to.throw(ConfigError, /controlTickets\./);
    }
  });
});
