// A stream or sink that a caller gave, on its way to the transfer that takes it up: where none does, it is let go of all the same.
import { errorOf } from '../errors.js';

/** One end of a transfer, as its caller gave it. */
export class Given<End> {
  readonly end: End;
  #isTaken = false;

  constructor(end: End) {
    this.end = end;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** From here on it is for the taker to let go of. */
  take(): End {
    this.#isTaken = true;
    return this.end;
  }
}

/** Does `transfer`; where it fails before it has taken `end`, that is let go of with the error. */
export async function giving<End, Result>(
  end: End,
  letGo: (end: End, error: Error) => Promise<void>,
  transfer: (given: Given<End>) => Promise<Result>,
): Promise<Result> {
  const given = new Given(end);
  try {
    return await transfer(given);
  } catch (thrown) {
    if (!given.isTaken) await letGo(end, errorOf(thrown));
    throw thrown;
  }
}

/** Whether a transfer from or to it waits for code of its caller, as it does not for bytes and local paths. */
export function isCallersCode(end: unknown): boolean {
  return typeof end !== 'string' && !(end instanceof Uint8Array);
}
