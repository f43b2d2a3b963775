// Files that flags name: certificates, keys, passwords.
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@ftps-kit/ftps-client';

/** The text of the file that `flag` names. Rejects with `ConfigError`. */
export async function flagFile(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read ${file}`, { cause: error });
  }
}

/** The first line of it, as of a file that holds a password. */
export async function firstLineOf(flag: string, file: string): Promise<string> {
  return (await flagFile(flag, file)).split(/\r?\n/, 1)[0] ?? '';
}
