// A bound on how much of one kind of work is done at a time; the rest waits in the order it came.

export class Turns {
  readonly #atATime: number;
  readonly #waiting = new Set<() => void>();
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
    return this.#waiting.size;
  }

  /** Does `work` when it is its turn. Rejects with the signal's reason, and leaves the place, where it fires before that. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isFree) this.#taken += 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      // Handed on, so that nobody slips in between.
      const [next] = this.#waiting;
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(turn);
        signal?.removeEventListener('abort', giveUp);
      };
      const turn = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      this.#waiting.add(turn);
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted === true) giveUp();
    });
  }
}
