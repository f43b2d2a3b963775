// The passwords that people keep in ~/.netrc for their FTP clients.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A login for a host. */
export interface NetrcEntry {
  readonly login: string | undefined;
  readonly password: string | undefined;
}

/** The entry for `host` (and `user`, where one is named) in the file that NETRC names, or in ~/.netrc. */
export async function findInNetrc(host: string, user: string | undefined): Promise<NetrcEntry | undefined> {
  const file = process.env['NETRC'] ?? join(homedir(), '.netrc');
  const text = await readFile(file, 'utf8').catch(() => '');
  return parseNetrc(text).find(
    ({ machine, login }) =>
      (machine === undefined || machine === host) && (user === undefined || login === undefined || login === user),
  );
}

interface MachineEntry extends NetrcEntry {
  /** undefined for `default`, which serves every host. */
  readonly machine: string | undefined;
}

/** A word, or one in double quotes, where a backslash takes the next character as it is. */
const WORD = /"((?:[^"\\]|\\.)*)"|\S+/gs;

/** The entries in their order. A macro runs to an empty line and is passed over. */
export function parseNetrc(text: string): readonly MachineEntry[] {
  const plain = text.replace(/(^|\s)macdef\s[^]*?(\n\s*\n|$)/g, '\n').replace(/^\s*#.*$/gm, '');
  const words = [...plain.matchAll(WORD)].map(([word, quoted]) => quoted?.replace(/\\(.)/gs, '$1') ?? word);
  const entries: { machine: string | undefined; login: string | undefined; password: string | undefined }[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const entry = entries.at(-1);
    switch (words[at]) {
      case 'machine':
        at += 1;
        entries.push({ machine: words[at], login: undefined, password: undefined });
        break;
      case 'default':
        entries.push({ machine: undefined, login: undefined, password: undefined });
        break;
      case 'login':
        at += 1;
        if (entry !== undefined) entry.login = words[at];
        break;
      case 'password':
        at += 1;
        if (entry !== undefined) entry.password = words[at];
        break;
      default:
        break;
    }
  }
  return entries;
}
