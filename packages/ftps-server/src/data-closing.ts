// The end of a data connection behind its transfer, and how many of them a session may have.
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { CommandContext } from './command-row.js';
import { MAX_SESSION_CLOSINGS } from './limits.js';

/**
 * Begins to close it gently, and resolves when the session may go on: at once, unless too many of its data connections are
 * closing, this one among them; then when one of them is over. The one that is waited with is cut where `signal` fires.
 * Gives whether it was spared that.
 *
 * None is cut for a newer one: on a slow line, what was sent may still be on its way. `first` and the drain have bounds of time,
 * so a client that lets all of them hang waits for itself.
 */
export async function closeDataConnection(
  { session, server }: CommandContext,
  channel: ByteChannel,
  signal: AbortSignal,
  first?: Promise<void>,
): Promise<boolean> {
  const closing = server.closings.begin(channel, first).finally(() => session.closings.delete(closing));
  session.closings.add(closing);
  if (session.closings.size <= MAX_SESSION_CLOSINGS) return true;
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    channel.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  if (signal.aborted) cut();
  while (session.closings.size > MAX_SESSION_CLOSINGS) await Promise.race(session.closings);
  signal.removeEventListener('abort', cut);
  return !isCut;
}
