// What is kept of servers from one process to the next, in a file that several may share.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, LocalFileError, ServerMemory } from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';

/** A pin of that age still counts, and not one of twice as much. */
const SIX_DAYS_MS = 6 * 24 * 60 * 60 * 1000;

describe('the memory of servers', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-memory-'));
    file = join(folder, 'new', 'servers.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has options that are checked: what is misspelt would keep nothing', () => {
    expect(() => new ServerMemory({ path: 'pins' } as object)).to.throw(ConfigError, /^memory\.path: no such option/);
    expect(() => new ServerMemory({ file: '' })).to.throw(ConfigError, 'memory.file: name a file');
  });

  it('keeps pins in a file that only its owner may read, for 7 days', async () => {
    let now = 1_000;
    const clock = (): number => now;
    await new ServerMemory({ file, clock }).pin('Ftp.Example', 21);
    await new ServerMemory({ file, clock }).pin('other.example', 990);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const later = new ServerMemory({ file, clock });
    expect(await later.isPinned('ftp.example', 21)).to.equal(true);
    expect(await later.isPinned('ftp.example', 22)).to.equal(false);
    expect(await later.isPinned('other.example', 990)).to.equal(true);
    now += 7 * 24 * 60 * 60 * 1000;
    expect(await later.isPinned('ftp.example', 21)).to.equal(false);
  });

  it('takes a pin back for the next process too', async () => {
    const memory = new ServerMemory({ file });
    await memory.pin('a', 1);
    await memory.pin('b', 2);
    await memory.unpin('A', 1);
    for (const each of [memory, new ServerMemory({ file })]) {
      expect([await each.isPinned('a', 1), await each.isPinned('b', 2)]).to.deep.equal([false, true]);
    }
  });

  it('does not bring back a pin that another process took back since it was read', async () => {
    await new ServerMemory({ file }).pin('a', 1);
    const [here, there] = [new ServerMemory({ file }), new ServerMemory({ file })];
    expect(await there.isPinned('a', 1)).to.equal(true);
    await here.unpin('a', 1);
    await there.pin('b', 2);
    for (const each of [here, there, new ServerMemory({ file })]) expect(await each.isPinned('a', 1)).to.equal(false);
    expect(await new ServerMemory({ file }).isPinned('b', 2)).to.equal(true);
  });

  it('makes no pin older that another process has renewed since it was read', async () => {
    let now = 1_000;
    const clock = (): number => now;
    await new ServerMemory({ file, clock }).pin('a', 1);
    const [here, there] = [new ServerMemory({ file, clock }), new ServerMemory({ file, clock })];
    expect(await there.isPinned('a', 1)).to.equal(true);
    now += SIX_DAYS_MS;
    await here.pin('a', 1);
    await there.pin('b', 2);
    now += SIX_DAYS_MS;
    for (const each of [there, new ServerMemory({ file, clock })]) expect(await each.isPinned('a', 1)).to.equal(true);
  });

  it('writes with its next change what could not be written, but takes back no pin that is newer', async () => {
    let now = 1_000;
    const clock = (): number => now;
    const memory = new ServerMemory({ file, clock });
    await memory.pin('a', 1);
    await memory.pin('c', 3);
    const written = await readFile(file);
    await rm(file);
    await mkdir(file);
    const changes = [memory.pin('d', 4), memory.unpin('a', 1), memory.unpin('c', 3)];
    for (const error of await Promise.all(changes.map(rejection))) expect(error).to.be.instanceOf(LocalFileError);
    await rm(file, { recursive: true });
    await writeFile(file, written);
    now += 1_000;
    await new ServerMemory({ file, clock }).pin('c', 3);
    await memory.pin('b', 2);
    for (const each of [memory, new ServerMemory({ file, clock })]) {
      const pinned = [each.isPinned('a', 1), each.isPinned('b', 2), each.isPinned('c', 3), each.isPinned('d', 4)];
      expect(await Promise.all(pinned)).to.deep.equal([false, true, true, true]);
    }
  });

  it('keeps a pin that is made while the file is read for somebody else', async () => {
    const memory = new ServerMemory({ file });
    await Promise.all([memory.pin('a', 1), memory.isPinned('b', 2), memory.isPinned('c', 3)]);
    expect(await memory.isPinned('a', 1)).to.equal(true);
    expect(await new ServerMemory({ file }).isPinned('a', 1)).to.equal(true);
  });

  it('loses no pin of several memories that share a file', async () => {
    const ports = Array.from({ length: 20 }, (_, number) => number + 1);
    await Promise.all(ports.map((port) => new ServerMemory({ file }).pin('a', port)));
    const later = new ServerMemory({ file });
    for (const port of ports) expect(await later.isPinned('a', port), String(port)).to.equal(true);
  });

  it('pins although its file can be neither read nor written, and says so', async () => {
    file = join(folder, 'a folder');
    await mkdir(file);
    const memory = new ServerMemory({ file });
    expect(await rejection(memory.pin('a', 1))).to.be.instanceOf(LocalFileError);
    expect(await rejection(memory.isPinned('a', 1))).to.be.instanceOf(LocalFileError);
    await rm(file, { recursive: true });
    expect(await memory.isPinned('a', 1)).to.equal(true);
  });

  it('begins anew with a file that is none of its own, and stays within its bound', async () => {
    file = join(folder, 'servers.json');
    await writeFile(file, '{"version":1,"tls12":{"a:1":"soon","b:2":');
    const memory = new ServerMemory({ file });
    for (let port = 1; port <= 1_100; port++) memory.traitsOf('many', port).mindsPipelining = true;
    expect(memory.traitsOf('many', 1).mindsPipelining).to.equal(false);
    expect(memory.traitsOf('many', 1_100).mindsPipelining).to.equal(true);
    await memory.pin('c', 3);
    expect(Object.keys((JSON.parse(await readFile(file, 'utf8')) as { tls12: object }).tls12)).to.deep.equal(['c:3']);
  });
});
