// One look at kept tickets at a time, and none behind one that hangs: each would hold a thread of the process until the disk
// answers.
import { AbortedError, withDeadline, type Deadline } from '@ftps-kit/tls-core';
import { TurnQueue } from '../login/turn-queue.js';
import { warn } from '../process-warning.js';
import type { ControlTickets } from './control-tickets.js';

/** All clients that share tickets share their turns. */
const turns = new WeakMap<ControlTickets, TicketTurns>();

export function turnsOf(tickets: ControlTickets): TicketTurns {
  const known = turns.get(tickets) ?? new TicketTurns();
  turns.set(tickets, known);
  return known;
}

class TicketTurns {
  readonly #queue = new TurnQueue();
  /** Those that wait for their turn, or have it. */
  readonly #calls = new Set<AbortController>();
  #state: 'free' | 'busy' | 'hanging' = 'free';
  #hasWarned = false;

  /**
   * What comes of `work`, or undefined where it takes too long: a mount that hangs may never answer. Until that work is over
   * no other is begun, and none is waited for.
   */
  async inTime<T>(deadline: Deadline, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#state === 'hanging') return undefined;
    const call = new AbortController();
    this.#calls.add(call);
    try {
      const turn = this.#queue.take(call.signal, () => this.#perform(work));
      return await withDeadline('control tickets', deadline, turn, () => {
        call.abort();
      });
    } catch (error) {
      if (!(error instanceof AbortedError)) this.#hang();
      return undefined;
    } finally {
      this.#calls.delete(call);
    }
  }

  async #perform<T>(work: () => Promise<T>): Promise<T> {
    this.#state = 'busy';
    try {
      return await work();
    } finally {
      this.#state = 'free';
    }
  }

  #hang(): void {
    if (this.#state === 'busy') this.#state = 'hanging';
    for (const call of this.#calls) call.abort();
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    warn('control connections do not resume: the tickets that are kept were not read or written in time');
  }
}
