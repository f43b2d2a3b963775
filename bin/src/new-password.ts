// A password that somebody chooses: typed twice on a terminal, or the first line of a file or of standard input.
import { text } from 'node:stream/consumers';
import { ConfigError } from '@ftps-kit/ftps-client';
import { firstLineOf } from './flag-file.js';
import { askPassword } from './password-prompt.js';

/** Throws `ConfigError` for an empty one, and where the two typed ones differ. */
export async function chosenPassword(name: string, passwordFile: string | undefined): Promise<string> {
  const password = await source(name, passwordFile);
  if (password === '') throw new ConfigError('the password is empty');
  return password;
}

async function source(name: string, passwordFile: string | undefined): Promise<string> {
  if (passwordFile !== undefined) return firstLineOf('--password-file', passwordFile);
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? '';
  const password = await askPassword(`new password for ${name}: `);
  if ((await askPassword('again: ')) !== password) throw new ConfigError('the two passwords are not the same');
  return password;
}
