// Compliance: every name but those that cannot be, and no path that leads out.
import assert from 'node:assert/strict';
import { group } from './case.js';
import { holds, namesOf, refuses, replace, writeFile } from './contents.js';

const NAMES = [
  'with space',
  'grüße',
  '日本語',
  '🗂',
  'quote\'"',
  '*?[a-z]',
  '~',
  '-rf',
  '%2e%2e',
  '...',
  'a'.repeat(200),
];

export const names = group('names', [
  [
    'may hold any character but the slash and NUL',
    async (files) => {
      for (const name of NAMES) {
        await writeFile(files, `/${name}`, name);
        await holds(files, `/${name}`, name);
      }
      assert.deepEqual(await namesOf(files, '/'), [...NAMES].sort());
    },
  ],
  [
    'are told from each other by every character',
    async (files) => {
      for (const name of ['a', 'a ', ' a', 'a\u0301', '\u00e1']) await writeFile(files, `/${name}`, name);
      assert.equal((await namesOf(files, '/')).length, 5);
    },
  ],
  [
    'hold no NUL, whatever is to be done',
    async (files) => {
      await writeFile(files, '/a', 'a');
      for (const path of ['/a\0', '/a\0b', '/d\0/a']) {
        await refuses('name-not-allowed', files.stat(path));
        await refuses('name-not-allowed', files.openRead(path, { start: 0 }));
        await refuses('name-not-allowed', files.openWrite(path, replace));
        await refuses('name-not-allowed', files.makeDirectory(path));
        await refuses('name-not-allowed', files.removeDirectory(path));
        await refuses('name-not-allowed', files.remove(path));
        await refuses('name-not-allowed', files.setModified(path, new Date()));
        await refuses('name-not-allowed', files.rename('/a', path));
        await refuses('name-not-allowed', files.rename(path, '/b'));
        await refuses('name-not-allowed', namesOf(files, path));
      }
      assert.deepEqual(await namesOf(files, '/'), ['a']);
    },
  ],
  [
    'never lead out of the root by `..`, however it is written',
    async (files) => {
      await files.makeDirectory('/d');
      for (const path of ['/..', '/../..', '/d/../..', '/./../d/../../', '//']) {
        assert.deepEqual(await namesOf(files, path), ['d'], path);
      }
      for (const path of ['/../etc/passwd', '/d/../../etc/passwd', '/../../../../../../etc/passwd']) {
        await refuses('not-found', files.stat(path));
      }
    },
  ],
]);
