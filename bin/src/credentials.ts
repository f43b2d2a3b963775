// Where the password comes from: the first of these that has one.
import { ConfigError } from '@ftps-kit/ftps-client';
import { firstLineOf } from './flag-file.js';
import { findInNetrc } from './netrc.js';
import { askPassword } from './password-prompt.js';
import type { RemoteUrl } from './remote-url.js';

/** How to log in. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Sources besides the URL. */
export interface CredentialSources {
  readonly passwordFile?: string | undefined;
  /** Told to a person: a password on the command line is seen by everybody on the machine. */
  readonly warn: (message: string) => void;
}

/**
 * The file of `--password-file`, FTPS_PASSWORD, the URL (with a warning), ~/.netrc, a prompt on a terminal. Without a
 * user name anywhere it is `anonymous`.
 */
export async function findCredentials(url: RemoteUrl, sources: CredentialSources): Promise<Credentials> {
  const { passwordFile, warn } = sources;
  const netrc = await findInNetrc(url.host, url.user);
  const user = url.user ?? netrc?.login ?? 'anonymous';
  if (passwordFile !== undefined) return { user, password: await firstLineOf('--password-file', passwordFile) };
  const fromEnvironment = process.env['FTPS_PASSWORD'];
  if (fromEnvironment !== undefined) return { user, password: fromEnvironment };
  if (url.password !== undefined) {
    warn('a password in a URL is seen by everybody on this machine; use FTPS_PASSWORD or --password-file');
    return { user, password: url.password };
  }
  if (netrc?.password !== undefined) return { user, password: netrc.password };
  if (user === 'anonymous') return { user, password: 'anonymous@' };
  return { user, password: await ask(user, url.host) };
}

async function ask(user: string, host: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new ConfigError(`no password for ${user}@${host}: set FTPS_PASSWORD, or name a --password-file`);
  }
  return askPassword(`password for ${user}@${host}: `);
}
