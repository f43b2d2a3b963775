// Which login of which pool the code that runs now has borrowed, so that a call of the pool within it need not wait.
import { AsyncLocalStorage } from 'node:async_hooks';

/** From lending a member to taking it back. */
export class Lease<M> {
  readonly member: M;
  isOver = false;

  constructor(member: M) {
    this.member = member;
  }
}

/** The leases of one pool. Those of another pool do not show here, so that pools can be used within each other. */
export class Leases<M> {
  readonly #current = new AsyncLocalStorage<Lease<M>>();

  /** The lease that the running code holds. What goes on after its lease is over holds it no longer. */
  get held(): Lease<M> | undefined {
    const lease = this.#current.getStore();
    return lease?.isOver === false ? lease : undefined;
  }

  /** Runs `work` as code that holds `lease`. */
  async run<T>(lease: Lease<M>, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#current.run(lease, work);
    } finally {
      lease.isOver = true;
    }
  }
}
