// What a failed transfer left somewhere: said in the error's message, and given to programs that ask.
import { FtpsError } from '@ftps-kit/tls-core';
import { printable } from '../printable.js';

/** Something that a transfer made and that is still there. */
export interface LeftBehind {
  readonly side: 'local' | 'remote';
  readonly path: string;
  /** Where it lies instead, if the server has renamed it: the reply to that was lost. */
  readonly orAt?: string;
  /**
   * `partial`: a later transfer with `resume` goes on there. `whole`: the file is complete and lacks only its name. `earlier`:
   * the caller's own file, with the bytes that it had before. `rest`: of no use.
   */
  readonly what: 'partial' | 'whole' | 'earlier' | 'rest';
}

const leftBy = new WeakMap<Error, LeftBehind>();

/** What the failed transfer of this error left behind; undefined where it left nothing. */
export function leftBehind(error: unknown): LeftBehind | undefined {
  return error instanceof Error ? leftBy.get(error) : undefined;
}

/** Notes it. The message of an error of this package says it too; one of the caller's own is left as it is. */
export function noteLeftBehind(error: Error, left: LeftBehind): void {
  if (leftBy.has(error)) return;
  leftBy.set(error, left);
  if (error instanceof FtpsError) error.message += `; ${sentence(left)}`;
}

function sentence({ side, path, what, orAt }: LeftBehind): string {
  const where = side === 'local' ? path : `${printable(path)} on the server`;
  switch (what) {
    case 'partial':
      return `what came so far is kept as ${where}`;
    case 'whole':
      return `the whole file lies at ${where}${orAt === undefined ? '' : `, or already at ${printable(orAt)}`}`;
    case 'earlier':
      return `${where} has again what it had before; remove it to have all of it anew`;
    case 'rest':
      return `${where} could not be removed`;
  }
}
