// A bound on how much of one kind of work is done at a time; the rest waits in the order it came.
import { WaitQueue } from './wait-queue.js';

export class Turns {
  readonly #atATime: number;
  readonly #queue = new WaitQueue();
  #taken = 0;

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  /** Whether work that came now would not wait. */
  get isFree(): boolean {
    return this.#taken < this.#atATime;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Does `work` when it is its turn. Rejects with the signal's reason, and leaves the place, where it fires before that. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isFree) this.#taken += 1;
    else await this.#queue.wait(signal);
    try {
      return await work();
    } finally {
      // Handed on, so that nobody slips in between.
      if (!this.#queue.wakeFirst()) this.#taken -= 1;
    }
  }
}
