// Commands that FEAT lists where a server has them (RFC 2389): asked then, and tried where the server has no FEAT.
import { GrammarError, ReplyCode, type Reply } from '@ftps-kit/ftp-protocol';
import { outgoingPath } from '../control/outgoing-command.js';
import { isUnknownCommand } from '../errors.js';
import type { LoginContext } from './login-context.js';

/** The commands for which that is worth it: most servers have them, whether they have FEAT or not. */
export type TriedVerb = 'SIZE' | 'MDTM';

/** RFC 2389 §3.2: a server without FEAT has not said that it has nothing; what it does not know it is asked once. */
export function mayKnow({ features, traits }: Pick<LoginContext, 'features' | 'traits'>, verb: TriedVerb): boolean {
  return features.has(verb) || (features.size === 0 && !traits.unknownCommands.has(verb));
}

/** What a 213 tells, as `parse` reads its text; undefined in any other reply, and in text that cannot be read. */
export function toldBy<T>(reply: Reply | undefined, parse: (text: string) => T): T | undefined {
  if (reply?.code !== ReplyCode.FileStatus) return undefined;
  try {
    return parse(reply.lines.join('').trim());
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

/** The reply to a command about a path; undefined where the server does not know the command. */
export async function tryCommand(
  context: LoginContext,
  verb: TriedVerb,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Reply | undefined> {
  if (!mayKnow(context, verb)) return undefined;
  const { control, timeouts, traits } = context;
  const reply = await control.run(outgoingPath(verb, path), { timeoutMs: timeouts.replyMs, signal });
  if (!isUnknownCommand(reply)) return reply;
  traits.unknownCommands.add(verb);
  return undefined;
}
