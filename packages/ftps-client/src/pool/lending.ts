// Lends the members of a pool to calls, and to calls within calls, so that none waits for a login that its own caller holds.
import { AsyncLocalStorage } from 'node:async_hooks';
import { anySignal } from '../any-signal.js';
import { PoolExhaustedError } from '../errors.js';
import { Call, Lease, lineageOf } from './lease.js';
import { Members, closed, type Member, type MembersOptions } from './members.js';

/** What can be lent to several calls. */
export interface Lendable extends Member {
  /** Transfers there from or to their caller's own code; what is asked for behind one may have to wait for that code. */
  readonly openStreams: number;
}

export interface LendOptions {
  readonly signal: AbortSignal | undefined;
  /** Whether `work` is one transfer from or to the caller's own code. */
  readonly isStreamed: boolean;
}

/** A call within another that waits for a login of its own. */
interface Seeker<M> {
  readonly call: Call<M>;
  readonly caller: Call<M>;
  /** Ends the waiting; its reason is the error that the call rejects with, unless it has a lease by then. */
  readonly ending: AbortController;
}

export class Lending<M extends Lendable> {
  readonly members: Members<M>;
  readonly #current = new AsyncLocalStorage<Call<M>>();
  /** All that were made and have not ended. */
  readonly #calls = new Set<Call<M>>();
  readonly #leases = new Set<Lease<M>>();
  readonly #seekers = new Set<Seeker<M>>();
  /** The calls in whose code the pool was closed: they may wait for its end, so that its end cannot wait for them. */
  readonly #closers = new Set<Call<M>>();
  readonly #cut = new AbortController();
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #onCallEnded: () => void = () => undefined;

  constructor(options: Omit<MembersOptions<M>, 'onChange'>) {
    const onChange = (): void => {
      this.#reconsider();
    };
    this.members = new Members({ ...options, onChange });
  }

  /** Lends a member to `work`, and takes it back when that and all that was begun on it within have ended. */
  async run<T>(work: (member: M) => Promise<T>, { signal, isStreamed }: LendOptions): Promise<T> {
    const caller = this.#caller;
    if (this.#isClosed || (this.#closing !== undefined && caller === undefined)) throw closed();
    const call = new Call(caller, isStreamed);
    this.#calls.add(call);
    try {
      const idle = this.members.takeIdle();
      if (idle !== undefined) this.#lend(idle, call);
      else if (caller !== undefined) await this.#seek(call, caller, signal);
      else
        await this.members.take(signal, {
          isAhead: false,
          onTaken: (member) => {
            this.#lend(member, call);
          },
        });
      const { lease } = call;
      if (lease === undefined) throw closed();
      return await this.#current.run(call, () => work(lease.member));
    } finally {
      this.#ended(call);
    }
  }

  /**
   * Begins nothing new but what calls under way need, waits for all calls that were made, and closes the members. Those that
   * it was called within are not waited for. `cut` breaks off what is left when it fires. Never rejects.
   */
  close(cut: AbortSignal): Promise<void> {
    for (const call of lineageOf(this.#caller)) this.#closers.add(call);
    const cutOff = (): void => {
      this.#cut.abort();
    };
    if (cut.aborted) cutOff();
    else cut.addEventListener('abort', cutOff, { once: true, signal: this.#cut.signal });
    this.#closing ??= this.#drain();
    this.#reconsider();
    this.#onCallEnded();
    return this.#closing;
  }

  /** The innermost call that the running code belongs to. What goes on after its call has ended belongs to the one around. */
  get #caller(): Call<M> | undefined {
    return lineageOf(this.#current.getStore())[0];
  }

  #lend(member: M, call: Call<M>): void {
    const lease = new Lease(member);
    this.#leases.add(lease);
    call.holds(lease);
  }

  #ended(call: Call<M>): void {
    this.#calls.delete(call);
    const over = call.end();
    if (over !== undefined) {
      this.#leases.delete(over);
      this.members.give(over.member);
    }
    this.#onCallEnded();
  }

  /** A login of its own where one can be opened, else the caller's. */
  async #seek(call: Call<M>, caller: Call<M>, signal: AbortSignal | undefined): Promise<void> {
    const ending = new AbortController();
    const seeker = { call, caller, ending };
    const onTaken = (member: M): void => {
      this.#seekers.delete(seeker);
      this.#lend(member, call);
    };
    this.#seekers.add(seeker);
    try {
      const taking = this.members.take(anySignal(ending.signal, signal), { isAhead: true, onTaken });
      this.#reconsider();
      await taking;
    } catch (error) {
      if (call.lease === undefined) throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      this.#seekers.delete(seeker);
    }
  }

  /** To be called when the logins that are there, or will be, may have become fewer, or those who need them more. */
  #reconsider(): void {
    for (const seeker of [...this.#seekers].slice(this.members.opening)) {
      const lease = leaseToShare(seeker.caller);
      if (lease === undefined) continue;
      seeker.call.holds(lease);
      seeker.ending.abort();
    }
    // Each of those that wait may come to an end only when another does, which waits as well.
    if (!this.members.isExhausted || this.#waitingLeases() < this.members.lent) return;
    const last = [...this.#seekers].at(-1);
    if (last !== undefined) last.ending.abort(new PoolExhaustedError());
    else if (this.#closing !== undefined) this.members.refuse(closed());
  }

  /** How many of the logins that are lent are held by calls that wait for another login, or for the pool's end. */
  #waitingLeases(): number {
    const waiting = new Set<Call<M>>(this.#closers);
    for (const { caller } of this.#seekers) for (const call of lineageOf(caller)) waiting.add(call);
    const holds = ({ calls, member }: Lease<M>): boolean =>
      !member.isGone && [...calls].some((call) => waiting.has(call));
    return [...this.#leases].filter(holds).length;
  }

  async #drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        const isDone = [...this.#calls].every((call) => this.#closers.has(call));
        if (isDone || this.#cut.signal.aborted) resolve();
      };
      this.#onCallEnded = look;
      this.#cut.signal.addEventListener('abort', look, { once: true });
    });
    this.#isClosed = true;
    const kept = [...this.#closers].map(({ lease }) => lease?.member).filter((member) => member !== undefined);
    await this.members.close(new Set(kept));
    // Nothing listens any more.
    this.#cut.abort();
  }
}

/** The caller's own login, unless what is asked for on it may have to wait for the caller. */
function leaseToShare<M extends Lendable>(caller: Call<M>): Lease<M> | undefined {
  const { lease, isOver } = caller;
  if (lease === undefined || isOver || lease.member.isGone) return undefined;
  const around = new Set(lineageOf(caller));
  // Those of calls beside the caller's own have nothing to do with it.
  const beside = [...lease.calls].filter((call) => call.isStreamed && !around.has(call)).length;
  return lease.member.openStreams > beside ? undefined : lease;
}
