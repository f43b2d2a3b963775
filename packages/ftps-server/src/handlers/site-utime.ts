// SITE UTIME: sets when a file was modified, in the two forms that clients have for it.
import { GrammarError, ReplyCode, parseTime } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

const TIME = String.raw`(\d{12}(?:\d\d)?)`;
/** `path accessed modified created UTC`; of the three times only the second can be set. */
const THREE_TIMES = new RegExp(`^(.+) ${TIME} ${TIME} ${TIME} UTC$`, 'i');
/** `modified path` */
const ONE_TIME = new RegExp(`^${TIME} (.+)$`);

export async function siteUtime(context: CommandContext): Promise<Outcome> {
  const { name, time } = parseUtime(context.argument);
  const path = argumentPath({ ...context, argument: name });
  const { session, server } = context;
  await server.hashing.setModified(session.account.fileSystem, path, time);
  return outcome(ReplyCode.CommandOkay, 'The modification time is set.');
}

/** Throws `GrammarError` (501) for what is neither form. */
function parseUtime(argument: string): { readonly name: string; readonly time: Date } {
  const [, longName, , modified] = THREE_TIMES.exec(argument) ?? [];
  if (longName !== undefined && modified !== undefined) return { name: longName, time: parseMinutes(modified) };
  const [, only, name] = ONE_TIME.exec(argument) ?? [];
  if (only !== undefined && name !== undefined) return { name, time: parseMinutes(only) };
  throw new GrammarError('SITE UTIME takes YYYYMMDDhhmm[ss] and a path, or a path, three such times and UTC');
}

/** Seconds may be missing. */
function parseMinutes(text: string): Date {
  return parseTime(text.padEnd(14, '0'));
}
