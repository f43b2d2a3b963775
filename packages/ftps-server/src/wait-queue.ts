// Who waits for something to change, in the order they came.

export class WaitQueue {
  readonly #waiting = new Set<() => void>();

  /** How many wait. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is woken. Rejects with the signal's reason, and leaves its place, where that fires before. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', giveUp);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted === true) giveUp();
    });
  }

  /** Wakes who came first. False where nobody waits. */
  wakeFirst(): boolean {
    const [first] = this.#waiting;
    first?.();
    return first !== undefined;
  }

  wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }
}
