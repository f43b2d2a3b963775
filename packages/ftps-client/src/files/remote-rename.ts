// RNFR and RNTO for an upload: the two together, what their refusal means, and whether the new name is the one that was told.
import { outgoingPath } from '../control/outgoing-command.js';
import { ReplyError } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { sizeOrAbsence } from '../remote/remote-facts.js';
import { baseName } from '../remote/remote-path.js';
import { isTransient } from './retry.js';

/**
 * Names that some server spells in its own way: with a blank at an end, a dot at the last, characters that Windows has not in
 * names, or those that steer a terminal. Others are not looked for: a file may be fetched and removed as soon as it has its name.
 */
const oddName = /^\s|[\s.]$|["\\:*?<>|]|\p{Cc}/u;

/** Not to be aborted between the two, nor given up while the second is on its way: nobody would know its outcome. */
export async function move(
  { control, timeouts }: LoginContext,
  from: string,
  to: string,
  whenSent: () => void = () => undefined,
): Promise<void> {
  const deadline = { timeoutMs: timeouts.replyMs };
  await control.demand(outgoingPath('RNFR', from), deadline);
  whenSent();
  await control.demand(outgoingPath('RNTO', to), deadline);
}

/** Whether the server does not do it, and will not either when it is asked again. */
export function isRefusal(error: unknown): error is ReplyError {
  return error instanceof ReplyError && !isTransient(error);
}

/**
 * Whether the server shows nothing of the name that it has just given to a file. Pure-FTPd renames to `a_` what is to be called
 * `a `, and says 250.
 */
export async function isRespelled(context: LoginContext, path: string): Promise<boolean> {
  if (!oddName.test(baseName(path))) return false;
  // It has been renamed, and whether the server can be asked once more changes nothing of that.
  return (await sizeOrAbsence(context, path, undefined).catch(() => undefined)) === 'absent';
}
