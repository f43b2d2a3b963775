// Who may log in, and what they find.
import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigError, type Endpoint } from '@ftps-kit/tls-core';
import { parseAccount, type Account, type AccountTerms } from './account.js';
import { LocalFileSystem } from './local-file-system.js';

/** What a client said at USER and PASS. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Gives the account of these credentials, or undefined for nobody. It may take its time; a rejection counts as nobody. */
export type Authenticate = (
  credentials: Credentials,
  client: Endpoint,
) => Account | undefined | Promise<Account | undefined>;

/** An account written down in a program's own configuration. */
export interface FixedAccount extends AccountTerms {
  readonly name: string;
  readonly password: string;
  /** Folder of this machine that the account sees as `/`. */
  readonly root: string;
}

/**
 * Authenticates against a list. Comparison takes the same time whether a name is unknown or a password wrong, and says
 * nothing of either. Throws `ConfigError` that names the account and what is wrong with it.
 */
export function fixedAccounts(accounts: readonly FixedAccount[]): Authenticate {
  const known = accounts.map(({ password, root, ...rest }) => ({
    name: digest(rest.name),
    password: digest(password),
    account: checked({ ...rest, fileSystem: new LocalFileSystem(root) }),
  }));
  return ({ user, password }) => {
    const name = digest(user);
    const secret = digest(password);
    let found: Account | undefined;
    for (const candidate of known) {
      const sameName = timingSafeEqual(candidate.name, name);
      const samePassword = timingSafeEqual(candidate.password, secret);
      if (sameName && samePassword) found = candidate.account;
    }
    return found;
  };
}

/** What is wrong is told at once, and not at the first login. */
function checked(account: Account): Account {
  try {
    parseAccount(account);
    return Object.freeze(account);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`account '${account.name}': ${error.message}`);
    throw error;
  }
}

/** Digests have one length, which a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
