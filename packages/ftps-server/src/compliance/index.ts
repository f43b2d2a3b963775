// `@ftps-kit/ftps-server/compliance`: the contract of file systems as tests, for any runner.
import assert from 'node:assert/strict';
import type { FileSystem } from '../file-system.js';
import type { Capability, ComplianceCase } from './case.js';
import { changing } from './changing.js';
import { directories } from './directories.js';
import { hashing, room } from './hashing.js';
import { names } from './names.js';
import { readingAndWriting } from './reading-and-writing.js';
import { creating, replacing, resuming } from './uploads.js';

export type { Capability, ComplianceCase } from './case.js';
export { entriesOf, namesOf, readFile, refuses, writeFile } from './contents.js';

/** What to test. */
export interface ComplianceOptions {
  /** What the file system can do beyond what all must; that it claims neither more nor less is a case too. */
  readonly capabilities: readonly Capability[];
}

/** The functions of mocha, vitest, jest or node:test. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
}

/** One empty file system, for one case. */
export interface FileSystemSetup {
  readonly files: FileSystem;
  /** Called behind the case, whether it passed or not. */
  readonly cleanUp?: (() => void | Promise<void>) | undefined;
}

const METHODS = ['setCreated', 'setMode', 'hash', 'freeSpace'] as const satisfies readonly (Capability &
  keyof FileSystem)[];

/** The cases that a file system with these capabilities has to pass, each on an empty one. */
export function fileSystemCases({ capabilities }: ComplianceOptions): readonly ComplianceCase[] {
  const claims: ComplianceCase = {
    group: 'capabilities',
    title: 'are those that it claims, and no others',
    run: (files) => {
      const found = METHODS.filter((name) => files[name] !== undefined);
      assert.deepEqual(
        found,
        METHODS.filter((name) => capabilities.includes(name)),
      );
      return Promise.resolve();
    },
  };
  const all = [readingAndWriting, replacing, creating, resuming, directories, changing, names, hashing, room].flat();
  return [claims, ...all.filter(({ needs }) => needs === undefined || capabilities.includes(needs))];
}

/**
 * Declares a test for each case: `fileSystemCompliance('MyFiles', setup, { describe, it }, { capabilities: ['atomic'] })`.
 * `setup` makes an empty file system for each.
 */
export function fileSystemCompliance(
  name: string,
  setup: () => FileSystemSetup | Promise<FileSystemSetup>,
  { describe, it }: TestRunner,
  options: ComplianceOptions,
): void {
  const cases = fileSystemCases(options);
  describe(`${name}, as a file system`, () => {
    for (const group of new Set(cases.map((one) => one.group))) {
      describe(group, () => {
        for (const one of cases.filter((candidate) => candidate.group === group)) {
          it(one.title, async () => {
            const { files, cleanUp } = await setup();
            try {
              await one.run(files);
            } finally {
              await cleanUp?.();
            }
          });
        }
      });
    }
  });
}
