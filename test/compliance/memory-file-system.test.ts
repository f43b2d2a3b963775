// MemoryFileSystem: the contract, and its bound.
import { expect } from 'chai';
import { MemoryFileSystem } from '@ftps-kit/ftps-server';
import { fileSystemCompliance, namesOf, readFile, refuses, writeFile } from '@ftps-kit/ftps-server/compliance';
import { ConfigError } from '@ftps-kit/tls-core';

fileSystemCompliance(
  'MemoryFileSystem',
  () => ({ files: new MemoryFileSystem() }),
  { describe, it },
  { capabilities: ['atomic', 'setCreated', 'setMode', 'hash', 'freeSpace'] },
);

describe('MemoryFileSystem', () => {
  const replace = { kind: 'replace' } as const;

  it('takes no byte more than its bound, and leaves the old file at the one too many', async () => {
    const files = new MemoryFileSystem({ maxBytes: 10 });
    await writeFile(files, '/a', '1234');
    const upload = await files.openWrite('/a', replace);
    await upload.write(Buffer.from('123456'));
    await refuses('no-space', upload.write(Buffer.from('7')));
    await upload.abort();
    expect((await readFile(files, '/a')).toString()).to.equal('1234');
    expect(await files.freeSpace('/')).to.equal(6);
  });

  it('has room again for what was removed, replaced, cut, given up, or refused at its end', async () => {
    const files = new MemoryFileSystem({ maxBytes: 10 });
    await writeFile(files, '/a', '12345');
    await writeFile(files, '/a', '123');
    expect(await files.freeSpace('/')).to.equal(7);
    await writeFile(files, '/a', '', { kind: 'resume', start: 1 });
    expect(await files.freeSpace('/')).to.equal(9);
    await (await files.openWrite('/b', replace)).abort();
    await writeFile(files, '/b', 'bb');
    await files.rename('/b', '/a');
    expect(await files.freeSpace('/')).to.equal(8);
    const late = await files.openWrite('/c', { kind: 'create' });
    await late.write(Buffer.from('late'));
    await writeFile(files, '/c', 'c');
    await refuses('exists', late.commit());
    await files.remove('/c');
    await files.remove('/a');
    expect(await files.freeSpace('/')).to.equal(10);
    expect(await namesOf(files, '/')).to.deep.equal([]);
  });

  it('counts a file that is removed while it is appended to no more', async () => {
    const files = new MemoryFileSystem({ maxBytes: 10 });
    await writeFile(files, '/a', '123');
    const upload = await files.openWrite('/a', { kind: 'append' });
    await files.remove('/a');
    await upload.write(Buffer.from('4567'));
    await refuses('gone', upload.commit());
    expect(await files.freeSpace('/')).to.equal(10);
  });

  it('is written into a directory under whatever name that has by then, and into none that went away', async () => {
    const files = new MemoryFileSystem();
    await files.makeDirectory('/d');
    const moved = await files.openWrite('/d/a', replace);
    await files.rename('/d', '/e');
    await moved.commit();
    expect(await namesOf(files, '/e')).to.deep.equal(['a']);
    await files.remove('/e/a');
    const lost = await files.openWrite('/e/a', replace);
    await files.removeDirectory('/e');
    await refuses('not-found', lost.commit());
  });

  it('takes its times from the clock that it was given', async () => {
    const now = new Date('2024-02-29T12:34:56Z');
    const files = new MemoryFileSystem({ clock: () => now });
    await writeFile(files, '/a', 'a');
    const { modifiedAt, createdAt } = await files.stat('/a');
    expect([modifiedAt, createdAt]).to.deep.equal([now, now]);
  });

  it('refuses a bound that is none, and options that do not exist', () => {
    expect(() => new MemoryFileSystem({ maxBytes: -1 })).to.throw(ConfigError, 'maxBytes');
    expect(() => new MemoryFileSystem({ ...{ size: 1 }, maxBytes: 1 })).to.throw(ConfigError, 'size');
  });
});
