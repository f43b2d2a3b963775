// Compliance: removing, renaming, and setting what is not content.
import assert from 'node:assert/strict';
import { group } from './case.js';
import { holds, namesOf, refuses, writeFile } from './contents.js';

const TIME = new Date('2002-07-17T21:07:15Z');

export const changing = group('removing, renaming and setting', [
  [
    'removes a file, and neither a directory nor what is missing',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await files.makeDirectory('/d');
      await files.remove('/a');
      await refuses('is-directory', files.remove('/d'));
      await refuses('not-found', files.remove('/a'));
      assert.deepEqual(await namesOf(files, '/'), ['d']);
    },
  ],
  [
    'renames files and directories, with what is in them',
    async (files) => {
      await files.makeDirectory('/d');
      await writeFile(files, '/d/a', 'a');
      await files.rename('/d', '/e');
      await files.rename('/e/a', '/b');
      await holds(files, '/b', 'a');
      assert.deepEqual(await namesOf(files, '/e'), []);
      await refuses('not-found', files.stat('/d'));
    },
  ],
  [
    'replaces the file that is at the new name',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await writeFile(files, '/b', 'b');
      await files.rename('/a', '/b');
      await holds(files, '/b', 'a');
      assert.deepEqual(await namesOf(files, '/'), ['b']);
    },
  ],
  [
    'leaves a file as it is that is renamed to its own name',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await files.rename('/a', '/a');
      await holds(files, '/a', 'a');
    },
  ],
  [
    'refuses to rename what is missing, into what is missing, a file over a directory, a directory into itself',
    async (files) => {
      await writeFile(files, '/a', 'a');
      await files.makeDirectory('/d');
      await refuses('not-found', files.rename('/missing', '/b'));
      await refuses('not-found', files.rename('/a', '/missing/b'));
      await refuses('is-directory', files.rename('/a', '/d'));
      await refuses('not-directory', files.rename('/d', '/a'));
      await refuses('name-not-allowed', files.rename('/d', '/d/e'));
      assert.deepEqual(await namesOf(files, '/'), ['a', 'd']);
    },
  ],
  [
    'protects the root',
    async (files) => {
      await files.makeDirectory('/d');
      await refuses('permission', files.removeDirectory('/'));
      await refuses('permission', files.remove('/'));
      await refuses('permission', files.rename('/', '/d/root'));
      await refuses('permission', files.rename('/d', '/'));
      assert.equal((await files.stat('/')).type, 'directory');
    },
  ],
  [
    'sets the time of files and directories, and nothing else of them',
    async (files) => {
      await files.makeDirectory('/d');
      await writeFile(files, '/a', 'content');
      for (const path of ['/a', '/d']) {
        await files.setModified(path, TIME);
        assert.deepEqual((await files.stat(path)).modifiedAt, TIME);
      }
      await holds(files, '/a', 'content');
      await refuses('not-found', files.setModified('/missing', TIME));
    },
  ],
  [
    'sets the time of creation, and nothing else',
    'setCreated',
    async (files) => {
      await writeFile(files, '/a', 'content');
      const { modifiedAt } = await files.stat('/a');
      await files.setCreated?.('/a', TIME);
      const found = await files.stat('/a');
      assert.deepEqual(found.createdAt, TIME);
      assert.deepEqual(found.modifiedAt, modifiedAt);
      await refuses('not-found', Promise.resolve(files.setCreated?.('/missing', TIME)));
    },
  ],
  [
    'sets the permission bits, and keeps them when the file is replaced',
    'setMode',
    async (files) => {
      await writeFile(files, '/a', 'content');
      await files.setMode?.('/a', 0o640);
      assert.equal((await files.stat('/a')).mode, 0o640);
      await writeFile(files, '/a', 'new content');
      assert.equal((await files.stat('/a')).mode, 0o640);
      await refuses('not-found', Promise.resolve(files.setMode?.('/missing', 0o640)));
    },
  ],
]);
