// One thing that a file system must do: what a runner of tests is given.
import type { FileSystem } from '../file-system.js';

/** What a file system may have or not: the optional methods, and uploads that nobody sees before they are whole. */
export type Capability = 'atomic' | 'setCreated' | 'setMode' | 'hash' | 'freeSpace';

export interface ComplianceCase {
  /** The heading that it stands under. */
  readonly group: string;
  /** A sentence about behaviour. */
  readonly title: string;
  /** Only for file systems that have it. */
  readonly needs?: Capability | undefined;
  /** Rejects where the file system, which is empty before, does not do so. */
  readonly run: (files: FileSystem) => Promise<void>;
}

/** The cases of one group: `[title, run]`, or `[title, needs, run]`. */
export function group(
  name: string,
  cases: readonly (
    | readonly [title: string, run: ComplianceCase['run']]
    | readonly [title: string, needs: Capability, run: ComplianceCase['run']]
  )[],
): readonly ComplianceCase[] {
  return cases.map((one) =>
    one.length === 2
      ? { group: name, title: one[0], run: one[1] }
      : { group: name, title: one[0], needs: one[1], run: one[2] },
  );
}
