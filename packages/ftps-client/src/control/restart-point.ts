// REST: where in its file the next transfer begins (RFC 959 §4.1.3), which must not be left behind for another one.
import { encodeByteOffset } from '@ftps-kit/ftp-protocol';
import { ConnectionError } from '@ftps-kit/tls-core';
import type { LoginContext } from '../login/login-context.js';
import { transferAborted } from '../transfer/transfer-failure.js';
import { outgoing, type OutgoingCommand } from './outgoing-command.js';

type RestartContext = Pick<LoginContext, 'control' | 'timeouts'>;

/**
 * Says REST before `command`. Rejects with `ReplyError`. RFC 959 §4.1.3: "This command shall be immediately followed by the
 * appropriate FTP service command". Nobody aborts between the two, as the next transfer would begin in the middle of its file:
 * this resolves then, unless no reply comes within `closeMs`, which costs the login; then it rejects with `AbortedError`.
 */
export async function setRestartPoint(
  { control, timeouts }: RestartContext,
  command: OutgoingCommand,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  // For what it throws: a name that cannot be spelled must not come to light between the two.
  command.encode(control.encoding);
  let patience: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    patience = setTimeout(() => {
      control.destroy(new ConnectionError('the server did not answer REST'));
    }, timeouts.closeMs);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await control.demand(restart(offset), { timeoutMs: timeouts.replyMs });
  } catch (error) {
    if (signal?.aborted !== true || !control.isLost) throw error;
    throw transferAborted(command, signal);
  } finally {
    clearTimeout(patience);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** ftp-srv keeps the offset of a command that it refused for the one after, which may be of another file. Never rejects. */
export async function clearRestartPoint({ control, timeouts }: RestartContext): Promise<void> {
  if (control.isLost) return;
  // Whatever it answers, the failure before is the one to tell.
  await control.run(restart(0), { timeoutMs: timeouts.closeMs }).catch(() => undefined);
}

function restart(offset: number): OutgoingCommand {
  return outgoing('REST', encodeByteOffset(offset));
}
