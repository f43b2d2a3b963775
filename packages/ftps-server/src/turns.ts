// A bound on how much of one kind of work is done at a time; the rest waits in the order it came.

export class Turns {
  readonly #atATime: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  /** Does `work` when it is its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#atATime) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Handed on, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }
}
