// What the argument of a command names.
import { GrammarError, resolvePath } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from './command-row.js';

/** The absolute path that the argument names; without an argument the working directory. */
export function argumentPath({ argument, session }: CommandContext): string {
  return resolvePath(session.workingDirectory, argument);
}

/**
 * The path that LIST or NLST names. Many clients put the options of `ls` in front (`-la`), which no RFC knows: they are
 * passed over. Wildcards are literal names, so that no argument makes the server search.
 */
export function listingPath(context: CommandContext): string {
  const path = context.argument.replace(/^(-[A-Za-z1]*(\s+|$))+/, '');
  return argumentPath({ ...context, argument: path });
}

export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function nameOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '') throw new GrammarError('a path names a file');
  return name;
}
