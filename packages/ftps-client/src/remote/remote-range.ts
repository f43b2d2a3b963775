// The range of a file that the server is to look at (RANG, draft-bryan-ftp-range), set for one command and taken back.
import { encodeByteRange, type ByteRange } from '@ftps-kit/ftp-protocol';
import { ConnectionError } from '@ftps-kit/tls-core';
import { throwIfAborted } from '../call-ends.js';
import { outgoing } from '../control/outgoing-command.js';
import { isNegative, replyText } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';

/**
 * Does `work` while the range is set, and takes it back however that ends: the next RETR would give a part of its file for
 * the whole. Gives undefined where the server refuses the range, or is known not to take one back.
 */
export async function withRange<T>(
  context: LoginContext,
  range: ByteRange,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const { control, timeouts, traits } = context;
  const deadline = { timeoutMs: timeouts.replyMs };
  if (traits.keepsRanges) return undefined;
  // Not to be aborted: nobody would know whether it is set.
  if (isNegative(await control.run(outgoing('RANG', encodeByteRange(range)), deadline))) return undefined;
  try {
    throwIfAborted('RANG', signal);
    return await work();
  } finally {
    if (!control.isLost) {
      const reset = takeBack(context);
      // Whatever is sent next goes behind it, and an abort does not wait until the server is done with a large file.
      if (signal?.aborted === true) reset.catch(() => undefined);
      else await control.replyTo(reset, deadline);
    }
  }
}

/** Rejects where the connection is lost, also because the server does not take the range back. */
async function takeBack({ control, traits }: LoginContext): Promise<void> {
  // draft-bryan-ftp-range §3: 'To reset the range command, "RANG 1 0" should be issued.'
  const reply = await control.begin(outgoing('RANG', encodeByteRange(undefined))).final;
  if (!isNegative(reply)) return;
  traits.keepsRanges = true;
  const error = new ConnectionError(
    `the server does not take a range back (${replyText(reply)}); its login is given up`,
  );
  control.destroy(error);
  throw error;
}
