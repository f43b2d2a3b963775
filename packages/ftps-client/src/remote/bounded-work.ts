// Several pieces of work at a time, and no more than so many.

/** Keeps `width` promises at most under way; the first failure is told by the next call, and nothing begins after it. */
export class BoundedWork {
  readonly #width: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  /** Begins `work` as soon as there is room; resolves when it has begun. Rejects with the failure of an earlier one. */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#width) await Promise.race(this.#running);
    this.#tellFailure();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when nothing is under way; rejects with the first failure. */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.#tellFailure();
  }

  /** Resolves when nothing is under way, however it ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  #tellFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
