// A login that is lent, and the calls that it is lent to: it is given back when the last of them has ended.

/** From lending a member to taking it back. */
export class Lease<M> {
  readonly member: M;
  /** The call that it was lent for, and those within it that found no other login. */
  readonly calls = new Set<Call<M>>();

  constructor(member: M) {
    this.member = member;
  }
}

/** One call of a pool, from when it was made; other calls may be made within it. */
export class Call<M> {
  /** The call in whose code this one was made, where that has not ended. */
  readonly caller: Call<M> | undefined;
  /** Whether it is a transfer from or to the caller's own code, and can wait for that. */
  readonly isStreamed: boolean;
  isOver = false;
  #lease: Lease<M> | undefined;

  constructor(caller: Call<M> | undefined, isStreamed: boolean) {
    this.caller = caller;
    this.isStreamed = isStreamed;
  }

  /** What it has been lent. */
  get lease(): Lease<M> | undefined {
    return this.#lease;
  }

  holds(lease: Lease<M>): void {
    this.#lease = lease;
    lease.calls.add(this);
  }

  /** Gives the lease where nobody holds it any more. */
  end(): Lease<M> | undefined {
    this.isOver = true;
    const lease = this.#lease;
    lease?.calls.delete(this);
    return lease?.calls.size === 0 ? lease : undefined;
  }
}

/** The call and those that it was made within, as far as they have not ended: all of them may wait for it. */
export function lineageOf<M>(call: Call<M> | undefined): readonly Call<M>[] {
  const lineage: Call<M>[] = [];
  for (let each = call; each !== undefined; each = each.caller) if (!each.isOver) lineage.push(each);
  return lineage;
}
