// XCRC, XMD5, XSHA1, XSHA256, XSHA512: what older clients have for HASH (draft-bryan-ftpext-hash, appendix B).
import { GrammarError, ReplyCode, parseByteOffset, parseQuotedPath, resolvePath } from '@ftps-kit/ftp-protocol';
import { capability, notCapable } from '../capability.js';
import type { CommandContext, Handler } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import type { FileStat, HashAlgorithm } from '../file-system.js';
import { hashRefusal } from '../hash-refusal.js';
import { outcome, type Outcome } from '../outcome.js';

interface Question {
  readonly path: string;
  readonly start: number;
  readonly end: number | undefined;
}

/** `XCRC path`, or `XCRC path start end`: from the byte `start` to before the byte `end`, as ProFTPD's mod_digest counts. */
export function xhash(algorithm: HashAlgorithm): Handler {
  return async (context): Promise<Outcome> => {
    const { session, server, aborted } = context;
    if (capability(session, 'hash') === undefined) return notCapable();
    const { path, start, end } = await questionOf(context);
    if (end !== undefined && end <= start) throw new GrammarError('the end of a range lies behind its start');
    try {
      const hex = await server.hashing.hash(session, { path, algorithm, start, end }, aborted);
      return outcome(ReplyCode.FileActionOkay, hex.toUpperCase());
    } catch (error) {
      return hashRefusal(context, error);
    }
  };
}

/** A name in quotes may be followed by numbers only; one without may end in numbers itself, which a look tells. */
async function questionOf({ argument, session }: CommandContext): Promise<Question> {
  const resolve = (name: string): string => resolvePath(session.workingDirectory, name);
  if (argument.startsWith('"')) {
    const name = parseQuotedPath(argument);
    // The name with its quotes, those within it doubled.
    const quoted = name.length + name.split('"').length + 1;
    return { path: resolve(name), ...rangeOf(argument.slice(quoted).trim()) };
  }
  const whole = { path: resolve(argument), start: 0, end: undefined };
  const [, name, numbers] = /^(.+?) ([0-9]+ [0-9]+)$/.exec(argument) ?? [];
  if (name === undefined || numbers === undefined) return whole;
  if ((await statOrNothing(session.account.fileSystem.stat(whole.path))) !== undefined) return whole;
  return { path: resolve(name), ...rangeOf(numbers) };
}

function rangeOf(numbers: string): { readonly start: number; readonly end: number | undefined } {
  if (numbers === '') return { start: 0, end: undefined };
  const [start = '', end = '', ...rest] = numbers.split(' ');
  if (rest.length > 0) throw new GrammarError('a path may be followed by a start and an end');
  return { start: parseByteOffset(start), end: parseByteOffset(end) };
}

async function statOrNothing(found: Promise<FileStat>): Promise<FileStat | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof FileSystemError) return undefined;
    throw error;
  }
}
