// Compliance: every byte that was written is read, and what cannot be read or written is refused by its kind.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { group } from './case.js';
import { namesOf, readFile, refuses, replace, writeFile } from './contents.js';

export const readingAndWriting = group('reading and writing', [
  [
    'gives back every byte of a file, whatever the size of chunks',
    async (files) => {
      const content = randomBytes(700_001);
      const file = await files.openWrite('/a', replace);
      for (let at = 0; at < content.length; at += 99_991) await file.write(content.subarray(at, at + 99_991));
      await file.commit();
      assert.ok((await readFile(files, '/a')).equals(content));
      const { type, sizeBytes } = await files.stat('/a');
      assert.deepEqual({ type, sizeBytes }, { type: 'file', sizeBytes: content.length });
    },
  ],
  [
    'has done with a chunk when its write resolves: the buffer is used again',
    async (files) => {
      const file = await files.openWrite('/a', replace);
      const chunk = Buffer.alloc(3);
      for (const text of ['one', 'two']) {
        chunk.write(text);
        await file.write(chunk);
      }
      chunk.fill(0);
      await file.commit();
      assert.equal((await readFile(files, '/a')).toString(), 'onetwo');
    },
  ],
  [
    'keeps an empty file',
    async (files) => {
      await (await files.openWrite('/empty', replace)).commit();
      assert.equal((await readFile(files, '/empty')).length, 0);
      assert.equal((await files.stat('/empty')).sizeBytes, 0);
    },
  ],
  [
    'tells at commit what stat tells of the file, or nothing',
    async (files) => {
      for (const [path, kind] of [
        ['/a', 'replace'],
        ['/b', 'create'],
      ] as const) {
        const file = await files.openWrite(path, { kind });
        await file.write(Buffer.from('content'));
        const committed = await file.commit();
        if (committed === undefined) continue;
        const { sizeBytes, modifiedAt, changedAt, identity } = await files.stat(path);
        assert.equal(committed.sizeBytes, sizeBytes);
        assert.deepEqual(committed.modifiedAt, modifiedAt);
        assert.deepEqual(committed.changedAt, changedAt);
        assert.equal(committed.identity, identity);
      }
    },
  ],
  [
    'reads from an offset, and nothing at the end',
    async (files) => {
      await writeFile(files, '/a', '0123456789');
      assert.equal((await readFile(files, '/a', 7)).toString(), '789');
      assert.equal((await readFile(files, '/a', 10)).length, 0);
    },
  ],
  [
    'tells the size of an open file as it was when it was opened, or not at all',
    async (files) => {
      await writeFile(files, '/a', '0123456789');
      const file = await files.openRead('/a', { start: 4 });
      if (file.sizeBytes !== undefined) assert.equal(file.sizeBytes, 10);
      await file.close();
    },
  ],
  [
    'refuses to read beyond the end',
    async (files) => {
      await writeFile(files, '/a', '0123456789');
      await refuses('offset-beyond-end', files.openRead('/a', { start: 11 }));
    },
  ],
  [
    'refuses to read what is missing, or a directory',
    async (files) => {
      await files.makeDirectory('/d');
      await refuses('not-found', files.openRead('/missing', { start: 0 }));
      await refuses('is-directory', files.openRead('/d', { start: 0 }));
      await refuses('is-directory', files.openRead('/', { start: 0 }));
    },
  ],
  [
    'refuses to write a directory, below a file, or into what is missing, and creates nothing',
    async (files) => {
      await files.makeDirectory('/d');
      await writeFile(files, '/a', 'a');
      for (const kind of ['replace', 'create', 'append'] as const) {
        await refuses('not-directory', files.openWrite('/a/b', { kind }));
        await refuses('not-found', files.openWrite('/missing/b', { kind }));
      }
      await refuses('is-directory', files.openWrite('/d', replace));
      await refuses('is-directory', files.openWrite('/d', { kind: 'append' }));
      await refuses('is-directory', files.openWrite('/', replace));
      assert.deepEqual(await namesOf(files, '/'), ['a', 'd']);
    },
  ],
]);
