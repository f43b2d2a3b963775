// Who may log in: the authenticators that come with the server, and how several become one.
import { ConfigError } from '@ftps-kit/tls-core';
import { openLocalRoot, parseAccount, type Account, type AccountTerms, type OpenRoot } from './account.js';
import { AccountList, type ListedAccount, type Secret } from './account-list.js';
import type { FileSystem } from './file-system.js';
import type { LoginClient } from './login-client.js';
import { PasswordHash } from './password-hash.js';
import { sharedRoots } from './shared-roots.js';

/** What a client said at USER and PASS. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Gives the account of these credentials, or undefined for nobody. It may take its time; a rejection counts as nobody. */
export type Authenticate = (
  credentials: Credentials,
  client: LoginClient,
) => Account | undefined | Promise<Account | undefined>;

/** An account written down in a program's own configuration: with a password, or with the hash of one. */
export interface FixedAccount extends AccountTerms {
  readonly name: string;
  /** In clear. */
  readonly password?: string | undefined;
  /** As `hashPassword` makes it; instead of `password`. */
  readonly passwordHash?: string | undefined;
  /** Folder of this machine that the account sees as `/`. */
  readonly root: string;
}

/** How the roots of accounts are opened. */
export interface RootOptions {
  /**
   * Makes the file system of a root. Default: a `LocalFileSystem` with its defaults. Authenticators whose accounts have folders
   * in common are given the same `sharedRoots(…)`, or each would count a quota of its own there.
   */
  readonly openRoot?: OpenRoot | undefined;
}

/**
 * Authenticates against a list. Looking somebody up takes the same work whether a name is unknown or a password wrong,
 * and says nothing of either. Throws `ConfigError` that names the account and what is wrong with it.
 */
export function fixedAccounts(
  accounts: readonly FixedAccount[],
  { openRoot = openLocalRoot }: RootOptions = {},
): Authenticate {
  const openShared = sharedRoots(openRoot);
  const names = new Set<string>();
  const listed = accounts.map(({ password, passwordHash, root, ...rest }): ListedAccount =>
    inAccount(rest.name, () => {
      if (names.has(rest.name)) throw new ConfigError('name: is taken by another account');
      names.add(rest.name);
      if (typeof root !== 'string' || root === '') throw new ConfigError('root: an account needs one');
      const account = { ...rest, fileSystem: openShared(root) };
      parseAccount(account);
      return { account: Object.freeze(account), secret: secretOf(password, passwordHash) };
    }),
  );
  const list = new AccountList(listed);
  return ({ user, password }) => list.find(user, password);
}

/** What an anonymous account sees. */
export type AnonymousAccountOptions = Omit<AccountTerms, 'permissions' | 'readOnly' | 'clientCertificate'> &
  (
    | { readonly root: string; readonly fileSystem?: undefined }
    | { readonly fileSystem: FileSystem; readonly root?: undefined }
  );

/**
 * Lets in whoever says to be `anonymous` or `ftp` (RFC 1635 §3), whatever the password, to read and to list. Nothing can be
 * changed by it, whatever the options say.
 */
export function anonymousAccount(
  { root, fileSystem, ...terms }: AnonymousAccountOptions,
  { openRoot = openLocalRoot }: RootOptions = {},
): Authenticate {
  const files = fileSystem ?? openRoot(root);
  const account: Account = Object.freeze({ ...terms, name: 'anonymous', readOnly: true, fileSystem: files });
  inAccount(account.name, () => parseAccount(account));
  return ({ user }) => (ANONYMOUS.test(user) ? account : undefined);
}

const ANONYMOUS = /^(anonymous|ftp)$/i;

/**
 * Asks one authenticator after the other, and lets in by the first that knows the credentials. Who is refused was refused
 * by all of them, in the same time whoever it was.
 */
export function firstOf(...authenticators: readonly Authenticate[]): Authenticate {
  return async (credentials, client) => {
    for (const authenticate of authenticators) {
      const account = await authenticate(credentials, client);
      if (account !== undefined) return account;
    }
    return undefined;
  };
}

/** What is wrong is told at once, with the account's name, and not at the first login. */
export function inAccount<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`account '${name}': ${error.message}`);
    throw error;
  }
}

function secretOf(password: string | undefined, passwordHash: string | undefined): Secret {
  if (password !== undefined && passwordHash === undefined) return { password };
  if (password === undefined && passwordHash !== undefined) return { hash: PasswordHash.parse(passwordHash) };
  throw new ConfigError('password: an account needs it or a passwordHash, and not both');
}
