// Going into a remote folder and back again: what can be entered is a folder.
import { parseQuotedPath, type Reply } from '@ftps-kit/ftp-protocol';
import { ConnectionError } from '@ftps-kit/tls-core';
import { throwIfAborted } from '../call-ends.js';
import { outgoing, outgoingPath } from '../control/outgoing-command.js';
import { contentOf } from '../control/reply-content.js';
import { isCompletion } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';

/** The working folder (PWD). */
export async function workingFolder(
  { control, timeouts }: LoginContext,
  signal: AbortSignal | undefined,
): Promise<string> {
  const reply = await control.demand(outgoing('PWD'), { timeoutMs: timeouts.replyMs, signal });
  return contentOf('PWD', 'path', () => parseQuotedPath(reply.lines.join(' ')));
}

/** Enters a folder and comes back to the working folder; gives what the server said where it refused. */
export async function enteringRefused(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Reply | undefined> {
  const { control, timeouts } = context;
  const before = await workingFolder(context, signal);
  // Neither of the two is to be aborted: every relative path after the first would mean another file.
  const deadline = { timeoutMs: timeouts.replyMs };
  const reply = await control.run(outgoingPath('CWD', path), deadline);
  if (!isCompletion(reply)) return reply;
  try {
    await control.demand(outgoingPath('CWD', before), deadline);
  } catch (error) {
    control.destroy(
      new ConnectionError(`the login could not go back to ${printable(before)}, and is given up`, { cause: error }),
    );
    throw error;
  }
  throwIfAborted('CWD', signal);
  return undefined;
}
