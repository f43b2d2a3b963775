// SITE CHMOD: sets the permission bits of a file, as all clients for people have it.
import { GrammarError, ReplyCode } from '@ftps-kit/ftp-protocol';
import { capability, notCapable } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import { modeText, parseMode } from '../modify-facts.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function siteChmod(context: CommandContext): Promise<Outcome> {
  const setMode = capability(context.session, 'setMode');
  if (setMode === undefined) return notCapable();
  const space = context.argument.indexOf(' ');
  const name = context.argument.slice(space + 1);
  if (space === -1 || name === '') throw new GrammarError('a mode and a path are needed');
  const mode = parseMode(context.argument.slice(0, space));
  const path = argumentPath({ ...context, argument: name });
  const { session, server } = context;
  await server.hashing.keeping(session.account.fileSystem, path, () => setMode(path, mode));
  return outcome(ReplyCode.CommandOkay, `The mode is ${modeText(mode)}.`);
}
