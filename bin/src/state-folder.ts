// What `ftps serve` keeps between two runs: its self-signed certificate, so that clients can go on trusting it.
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ServerIdentity, developmentIdentity } from '@ftps-kit/tls-core';

/** A certificate that ends sooner than this is made anew. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** XDG's folder for state, or Windows' one for local data. */
export function stateFolder(): string {
  const base =
    process.env['XDG_STATE_HOME'] ??
    (process.platform === 'win32' ? process.env['LOCALAPPDATA'] : undefined) ??
    join(homedir(), '.local', 'state');
  return join(base, 'ftps-kit');
}

/** XDG's file for what people configure, or Windows' one: the users of `ftps serve`. */
export function defaultUsersFile(): string {
  const base =
    process.env['XDG_CONFIG_HOME'] ??
    (process.platform === 'win32' ? process.env['APPDATA'] : undefined) ??
    join(homedir(), '.config');
  return join(base, 'ftps-kit', 'users.json');
}

/** The identity kept in `folder`; made there at the first time, and when it is about to end. */
export async function keptIdentity(folder: string): Promise<ServerIdentity> {
  const file = join(folder, 'development-identity.pem');
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined && !endsSoon(kept)) return new ServerIdentity({ cert: kept, key: kept });
  const { cert, key } = await developmentIdentity();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${cert}\n${key}\n`, { mode: 0o600 });
  await rename(temporary, file);
  return new ServerIdentity({ cert, key });
}

function endsSoon(pem: string): boolean {
  try {
    return new Date(new X509Certificate(pem).validTo).getTime() - Date.now() < RENEW_BEFORE_MS;
  } catch {
    return true;
  }
}
