// Compliance: making, listing and removing directories.
import assert from 'node:assert/strict';
import { group } from './case.js';
import { entriesOf, namesOf, refuses, replace, writeFile } from './contents.js';

const MANY = 300;

export const directories = group('directories', [
  [
    'lists files and directories, each as stat describes it',
    async (files) => {
      await writeFile(files, '/a', 'content');
      await files.makeDirectory('/d');
      for (const { name, ...described } of await entriesOf(files, '/')) {
        assert.deepEqual({ ...described }, { ...(await files.stat(`/${name}`)) }, name);
      }
      assert.deepEqual(
        (await entriesOf(files, '/')).map(({ name, type }) => [name, type]),
        [
          ['a', 'file'],
          ['d', 'directory'],
        ],
      );
    },
  ],
  [
    'gives each file an identity of its own, which it keeps under another name, or none at all',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await writeFile(files, '/b', 'a');
      const { identity } = await files.stat('/a');
      if (identity === undefined) return;
      assert.match(identity, /^[A-Za-z0-9-]+$/);
      assert.notEqual((await files.stat('/b')).identity, identity);
      await files.rename('/a', '/c');
      assert.equal((await files.stat('/c')).identity, identity);
    },
  ],
  [
    'lists some hundred entries, each once',
    async (files) => {
      await files.makeDirectory('/many');
      const names = Array.from({ length: MANY }, (_, index) => `f${String(index).padStart(4, '0')}`);
      for (const name of names) await (await files.openWrite(`/many/${name}`, replace)).commit();
      assert.deepEqual(await namesOf(files, '/many'), names);
    },
  ],
  [
    'can be listed in part',
    async (files) => {
      for (const name of ['a', 'b', 'c']) await writeFile(files, `/${name}`, name);
      for await (const { name } of files.list('/')) {
        assert.ok(['a', 'b', 'c'].includes(name));
        break;
      }
      assert.deepEqual(await namesOf(files, '/'), ['a', 'b', 'c']);
    },
  ],
  [
    'refuses to list what is missing, or a file',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await refuses('not-found', entriesOf(files, '/missing'));
      await refuses('not-directory', entriesOf(files, '/a'));
    },
  ],
  [
    'makes a directory once, and in one that is there',
    async (files) => {
      await files.makeDirectory('/d');
      await files.makeDirectory('/d/e');
      assert.equal((await files.stat('/d/e')).type, 'directory');
      await writeFile(files, '/a', 'a');
      await refuses('exists', files.makeDirectory('/d'));
      await refuses('exists', files.makeDirectory('/a'));
      await refuses('exists', files.makeDirectory('/'));
      await refuses('not-found', files.makeDirectory('/missing/d'));
      await refuses('not-directory', files.makeDirectory('/a/d'));
    },
  ],
  [
    'removes an empty directory, and no other',
    async (files) => {
      await files.makeDirectory('/d');
      await writeFile(files, '/d/a', 'a');
      await refuses('not-empty', files.removeDirectory('/d'));
      await refuses('not-directory', files.removeDirectory('/d/a'));
      await refuses('not-found', files.removeDirectory('/missing'));
      await files.remove('/d/a');
      await files.removeDirectory('/d');
      assert.deepEqual(await namesOf(files, '/'), []);
    },
  ],
]);
