// How much may be asked of a server ahead of a transfer.

const LEVELS = ['off', 'port', 'connection'] as const;

/** `port`: that it listens. `connection`: that a TCP connection stands too. */
export type PreconnectLevel = (typeof LEVELS)[number];

/** Shared by the logins of one server: what one of them finds out is so for all. It only ever becomes less. */
export class PreconnectBound {
  #most: PreconnectLevel = 'connection';
  readonly #listeners = new Set<() => void>();

  get most(): PreconnectLevel {
    return this.#most;
  }

  /** The lesser of what is wanted and what may be. */
  within(wanted: PreconnectLevel): PreconnectLevel {
    return isLess(wanted, this.#most) ? wanted : this.#most;
  }

  /** No more than `most` from now on. */
  lower(most: PreconnectLevel): void {
    if (!isLess(most, this.#most)) return;
    this.#most = most;
    for (const listener of this.#listeners) listener();
  }

  /** Has `listener` called whenever it becomes less, until what this gives is called. */
  whenLowered(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function isLess(one: PreconnectLevel, other: PreconnectLevel): boolean {
  return LEVELS.indexOf(one) < LEVELS.indexOf(other);
}
