// Who may log in to `ftps serve`, by its flags.
import { randomBytes } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { ConfigError } from '@ftps-kit/ftps-client';
import {
  LocalFileSystem,
  anonymousAccount,
  firstOf,
  fixedAccounts,
  sharedRoots,
  usersFile,
  type AccountTerms,
  type Authenticate,
  type FixedAccount,
  type UsersFile,
} from '@ftps-kit/ftps-server';
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs';
import { parseByteSize } from './byte-size.js';

export const accountFlags = {
  user: { type: 'string', array: true, requiresArg: true, describe: 'NAME:PASSWORD; may be given several times' },
  users: {
    type: 'string',
    requiresArg: true,
    describe: 'file of users, as `ftps passwd` writes it; SIGHUP reads it again',
  },
  anonymous: { type: 'boolean', default: false, describe: 'let anybody in as anonymous, to read' },
  'read-only': { type: 'boolean', default: false, describe: 'nothing can be changed, by whomever' },
  'in-place': {
    type: 'boolean',
    default: false,
    describe: 'write uploads into the file itself, not beside it: readers see them grow, broken ones stay broken',
  },
  fsync: { type: 'boolean', default: false, describe: 'an upload is done when the disk has it; slower' },
  quota: { type: 'string', requiresArg: true, describe: 'bytes of all files of an account, such as 10G' },
  'limit-rate': { type: 'string', requiresArg: true, describe: 'bytes a second of an account each way, such as 5M' },
} as const satisfies Record<string, Options>;

type AccountArguments = ArgumentsCamelCase<
  InferredOptionTypes<typeof accountFlags> & { readonly dir?: string | undefined }
>;

export interface ServedAccounts {
  readonly authenticate: Authenticate;
  /** The folder, real. */
  readonly root: string;
  readonly users: UsersFile | undefined;
  /** Who was made up, with a password that nobody can guess, as no flag names anybody. */
  readonly made: { readonly name: string; readonly password: string } | undefined;
}

/** Throws `ConfigError` where a flag makes no sense. */
export async function servedAccounts(flags: AccountArguments): Promise<ServedAccounts> {
  const root = await folderOf(flags.dir ?? '.');
  // Only a folder that was named is given to users whom the file names none for.
  const defaultRoot = flags.dir === undefined ? undefined : root;
  const { inPlace, fsync } = flags;
  // Whoever comes in by whichever flag: one folder has one count.
  const openRoot = sharedRoots((folder) => new LocalFileSystem(folder, { inPlace, fsync }));
  const users = flags.users === undefined ? undefined : await usersFile(flags.users, { defaultRoot, openRoot });
  const isAnybodyNamed = flags.user !== undefined || users !== undefined || flags.anonymous;
  const made = isAnybodyNamed ? undefined : { name: 'ftps', password: randomBytes(12).toString('base64url') };
  const fixed = made === undefined ? namedAccounts(flags.user ?? [], root) : [{ ...made, root }];
  const authenticators = [
    ...(flags.anonymous ? [anonymousAccount({ root }, { openRoot })] : []),
    ...(fixed.length === 0 ? [] : [fixedAccounts(fixed, { openRoot })]),
    ...(users === undefined ? [] : [users.authenticate]),
  ];
  return { authenticate: onTerms(firstOf(...authenticators), flags), root, users, made };
}

/** `--read-only` holds for everybody, the others where an account has no bound of its own. */
function onTerms(authenticate: Authenticate, flags: AccountArguments): Authenticate {
  const defaults = defaultTerms(flags);
  return async (credentials, client) => {
    const account = await authenticate(credentials, client);
    return account && { ...defaults, ...account, ...(flags.readOnly && { readOnly: true }) };
  };
}

function defaultTerms({ quota, limitRate }: AccountArguments): AccountTerms {
  return {
    ...(quota !== undefined && { quotaBytes: parseByteSize('--quota', quota) }),
    ...(limitRate !== undefined && { rates: ratesOf(limitRate) }),
  };
}

/** The same rate each way. */
export function ratesOf(limitRate: string): NonNullable<AccountTerms['rates']> {
  const rate = parseByteSize('--limit-rate', limitRate);
  if (rate < 1) throw new ConfigError('--limit-rate: is at least one byte a second');
  return { uploadBytesPerSecond: rate, downloadBytesPerSecond: rate };
}

function namedAccounts(users: readonly string[], root: string): readonly FixedAccount[] {
  return users.map((text) => {
    const colon = text.indexOf(':');
    if (colon < 1) throw new ConfigError('--user: takes NAME:PASSWORD');
    return { name: text.slice(0, colon), password: text.slice(colon + 1), root };
  });
}

/** The real path of a folder. */
export async function folderOf(dir: string): Promise<string> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new ConfigError(`${dir}: is not a folder`);
  return realpath(dir);
}
