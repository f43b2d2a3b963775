// Ending a connection whose peer may still be sending: a reset would take from it what was sent before.
import { withDeadline, type ByteChannel } from '@ftps-kit/tls-core';
import { DRAIN_BYTES, DRAIN_TIMEOUT_MS } from './limits.js';

/**
 * Sends the end, reads what still comes up to a bound of bytes and time, and lets go. `first` is waited for before that time
 * begins, and has a bound of its own. Never rejects.
 */
export async function closeGently(channel: ByteChannel, first?: Promise<void>): Promise<void> {
  try {
    await first;
    await withDeadline('close', { timeoutMs: DRAIN_TIMEOUT_MS }, endAndDrain(channel), () => {
      channel.destroy();
    });
  } catch {
    // Broken or too slow: there is nothing left to be gentle about.
  } finally {
    channel.destroy();
  }
}

/** What a server closes gently and nobody waits for, so that the server's own end can. */
export class GentleClosings {
  readonly #closings = new Map<ByteChannel, Promise<void>>();

  get size(): number {
    return this.#closings.size;
  }

  /** Resolves when it is over; never rejects. */
  begin(channel: ByteChannel, first?: Promise<void>): Promise<void> {
    const closing = closeGently(channel, first).finally(() => {
      this.#closings.delete(channel);
    });
    this.#closings.set(channel, closing);
    return closing;
  }

  /** Resolves when all of them are over. */
  async over(): Promise<void> {
    await Promise.all(this.#closings.values());
  }

  destroy(): void {
    for (const channel of this.#closings.keys()) channel.destroy();
  }
}

/** What is read to be thrown away may lie in one place for all. */
const SCRAP = new Uint8Array(16 * 1024);

async function endAndDrain(channel: ByteChannel): Promise<void> {
  await channel.end();
  let drained = 0;
  while (drained < DRAIN_BYTES) {
    const count = await channel.read(SCRAP);
    if (count === 0) return;
    drained += count;
  }
}
