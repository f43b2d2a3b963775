// Compliance: what others see of an upload before its end, at it, and when it is given up.
import assert from 'node:assert/strict';
import { group } from './case.js';
import { holds, namesOf, readFile, refuses, replace, writeFile } from './contents.js';

export const replacing = group('replacing', [
  [
    'shows readers the old file until commit, and the new one from then on',
    'atomic',
    async (files) => {
      await writeFile(files, '/a', 'old');
      const upload = await files.openWrite('/a', replace);
      await upload.write(Buffer.from('something '));
      await holds(files, '/a', 'old');
      await upload.write(Buffer.from('new'));
      await holds(files, '/a', 'old');
      assert.equal((await files.stat('/a')).sizeBytes, 3);
      await upload.commit();
      await holds(files, '/a', 'something new');
    },
  ],
  [
    'lets who began to read the old file read it to its end',
    'atomic',
    async (files) => {
      await writeFile(files, '/a', 'old content');
      const reader = await files.openRead('/a', { start: 0 });
      const into = Buffer.alloc(4);
      await reader.read(into);
      await writeFile(files, '/a', 'NEW CONTENT');
      assert.equal(await reader.read(into), 4);
      assert.equal(into.toString(), 'cont');
      await reader.close();
    },
  ],
  [
    'shows a new file under no name before commit',
    'atomic',
    async (files) => {
      const upload = await files.openWrite('/a', replace);
      await upload.write(Buffer.from('a'));
      assert.deepEqual(await namesOf(files, '/'), []);
      await refuses('not-found', files.stat('/a'));
      await upload.commit();
      assert.deepEqual(await namesOf(files, '/'), ['a']);
    },
  ],
  [
    'leaves no trace of a commit that is called off, where that can be',
    'atomic',
    async (files) => {
      await writeFile(files, '/a', 'old');
      const upload = await files.openWrite('/a', replace);
      await upload.write(Buffer.from('new'));
      const committing = upload.commit();
      if (upload.callOff?.() !== true) {
        await committing;
        await holds(files, '/a', 'new');
        return;
      }
      await assert.rejects(committing);
      assert.deepEqual(await namesOf(files, '/'), ['a']);
      await holds(files, '/a', 'old');
    },
  ],
  [
    'calls no commit off that is over',
    'atomic',
    async (files) => {
      const upload = await files.openWrite('/a', replace);
      await upload.write(Buffer.from('new'));
      await upload.commit();
      assert.notEqual(upload.callOff?.(), true);
      await holds(files, '/a', 'new');
    },
  ],
  [
    'leaves no trace at abort',
    'atomic',
    async (files) => {
      await writeFile(files, '/a', 'old');
      for (const [path, kind] of [
        ['/a', 'replace'],
        ['/b', 'replace'],
        ['/c', 'create'],
      ] as const) {
        const upload = await files.openWrite(path, { kind });
        await upload.write(Buffer.from('half of it'));
        await upload.abort();
      }
      assert.deepEqual(await namesOf(files, '/'), ['a']);
      await holds(files, '/a', 'old');
    },
  ],
  [
    'gives the file to the last of two uploads that commits, whole',
    'atomic',
    async (files) => {
      const first = await files.openWrite('/a', replace);
      const second = await files.openWrite('/a', replace);
      await first.write(Buffer.from('first'));
      await second.write(Buffer.from('second'));
      await second.commit();
      await holds(files, '/a', 'second');
      await first.commit();
      await holds(files, '/a', 'first');
      assert.deepEqual(await namesOf(files, '/'), ['a']);
    },
  ],
  [
    'leaves nothing, and the directory as it was, where one was made at the name meanwhile',
    'atomic',
    async (files) => {
      await files.makeDirectory('/d');
      const upload = await files.openWrite('/d/a', replace);
      await upload.write(Buffer.from('half'));
      await files.makeDirectory('/d/a');
      await refuses('is-directory', upload.commit());
      await files.removeDirectory('/d/a');
      await files.removeDirectory('/d');
    },
  ],
  [
    'makes a directory with an upload that was given up as removable as it was',
    'atomic',
    async (files) => {
      await files.makeDirectory('/d');
      const upload = await files.openWrite('/d/a', replace);
      await upload.abort();
      await files.removeDirectory('/d');
    },
  ],
  [
    'replaces a file by a shorter one',
    async (files) => {
      await writeFile(files, '/a', 'a long content');
      await writeFile(files, '/a', 'short');
      await holds(files, '/a', 'short');
    },
  ],
]);

export const creating = group('creating', [
  [
    'makes a new file, and refuses one that is there',
    async (files) => {
      await writeFile(files, '/a', 'a', { kind: 'create' });
      await holds(files, '/a', 'a');
      await refuses('exists', files.openWrite('/a', { kind: 'create' }));
      await holds(files, '/a', 'a');
    },
  ],
  [
    'refuses at commit when another file has come by then, and leaves that as it is',
    'atomic',
    async (files) => {
      const upload = await files.openWrite('/a', { kind: 'create' });
      await upload.write(Buffer.from('late'));
      await writeFile(files, '/a', 'early');
      await refuses('exists', upload.commit());
      await holds(files, '/a', 'early');
      assert.deepEqual(await namesOf(files, '/'), ['a']);
    },
  ],
]);

export const resuming = group('resuming', [
  [
    'goes on from the offset, and what lay behind is gone',
    async (files) => {
      await writeFile(files, '/a', '0123456789');
      await writeFile(files, '/a', 'abc', { kind: 'resume', start: 10 });
      await holds(files, '/a', '0123456789abc');
      await writeFile(files, '/a', 'x', { kind: 'resume', start: 4 });
      await holds(files, '/a', '0123x');
    },
  ],
  [
    'refuses to begin beyond the end, or in what is missing, and creates nothing',
    async (files) => {
      await writeFile(files, '/a', '0123');
      await refuses('offset-beyond-end', files.openWrite('/a', { kind: 'resume', start: 5 }));
      await refuses('not-found', files.openWrite('/b', { kind: 'resume', start: 1 }));
      await holds(files, '/a', '0123');
      assert.deepEqual(await namesOf(files, '/'), ['a']);
    },
  ],
  [
    'keeps at abort what was written',
    async (files) => {
      await writeFile(files, '/a', '0123');
      const upload = await files.openWrite('/a', { kind: 'resume', start: 4 });
      await upload.write(Buffer.from('45'));
      await upload.abort();
      await holds(files, '/a', '012345');
    },
  ],
  [
    'appends behind what is there, and makes what is not',
    async (files) => {
      await writeFile(files, '/a', 'first, ', { kind: 'append' });
      await writeFile(files, '/a', 'second', { kind: 'append' });
      await holds(files, '/a', 'first, second');
    },
  ],
  [
    'refuses a second upload into a file as long as one goes into it, however that ends',
    async (files) => {
      await writeFile(files, '/a', '0123');
      await refuses('offset-beyond-end', files.openWrite('/a', { kind: 'resume', start: 5 }));
      for (const end of ['commit', 'abort'] as const) {
        const first = await files.openWrite('/a', { kind: 'append' });
        await first.write(Buffer.from('45'));
        await refuses('busy', files.openWrite('/a', { kind: 'append' }));
        await refuses('busy', files.openWrite('/a', { kind: 'resume', start: 1 }));
        await first.write(Buffer.from('67'));
        await first[end]();
        await holds(files, '/a', '01234567');
        await writeFile(files, '/a', '', { kind: 'resume', start: 4 });
      }
      await writeFile(files, '/a', 'other', { kind: 'append' });
      await holds(files, '/a', '0123other');
    },
  ],
  [
    'refuses at commit what went into a file that was removed or replaced meanwhile',
    async (files) => {
      for (const mode of [{ kind: 'append' }, { kind: 'resume', start: 2 }] as const) {
        await writeFile(files, '/a', '0123');
        const removed = await files.openWrite('/a', mode);
        await removed.write(Buffer.from('45'));
        await files.remove('/a');
        await refuses('gone', removed.commit());
        assert.deepEqual(await namesOf(files, '/'), []);
        await writeFile(files, '/a', '0123');
        await writeFile(files, '/b', 'other');
        const replaced = await files.openWrite('/a', mode);
        await replaced.write(Buffer.from('45'));
        await files.rename('/b', '/a');
        await refuses('gone', replaced.commit());
        await holds(files, '/a', 'other');
      }
    },
  ],
  [
    'keeps what went into a file that was renamed meanwhile',
    async (files) => {
      await writeFile(files, '/a', '0123');
      const upload = await files.openWrite('/a', { kind: 'append' });
      await upload.write(Buffer.from('45'));
      await files.rename('/a', '/b');
      await upload.commit();
      await holds(files, '/b', '012345');
    },
  ],
  [
    'keeps at abort what was appended',
    async (files) => {
      await writeFile(files, '/a', '0123');
      const upload = await files.openWrite('/a', { kind: 'append' });
      await upload.write(Buffer.from('45'));
      await upload.abort();
      assert.equal((await readFile(files, '/a')).toString(), '012345');
    },
  ],
]);
