// Changing a users file from a program: whole or not at all, and for its owner alone.
import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '@ftps-kit/tls-core';
import { parseJson } from './json-source.js';
import { parseUsersDocument, type UserEntry, type UsersDocument } from './users-document.js';

/** What can be said of a user; what is undefined stays as it is. */
export type UserFields = Omit<UserEntry, 'name'>;

/** A file that is not there is made, mode 600. Rejects with `ConfigError` where the file, or what would become of it, makes no sense. */
export async function setUser(
  path: string,
  name: string,
  fields: Partial<UserFields>,
  options: { readonly defaultRoot?: string | undefined } = {},
): Promise<'added' | 'changed'> {
  let done: 'added' | 'changed' = 'added';
  await edit(path, options.defaultRoot, ({ users }) => {
    const old = users.find((user) => user.name === name);
    done = old === undefined ? 'added' : 'changed';
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const entry = { name, ...old, ...Object.fromEntries(given) };
    return { users: old === undefined ? [...users, entry] : users.map((user) => (user === old ? entry : user)) };
  });
  return done;
}

/** Rejects with `ConfigError` where there is no such user. */
export async function deleteUser(
  path: string,
  name: string,
  options: { readonly defaultRoot?: string | undefined } = {},
): Promise<void> {
  await edit(path, options.defaultRoot, ({ users }) => {
    const others = users.filter((user) => user.name !== name);
    if (others.length === users.length) throw new ConfigError(`${path}: there is no user ${JSON.stringify(name)}`);
    return { users: others };
  });
}

/** Users as they stand in the file, not yet checked. */
interface Draft {
  readonly users: readonly (Partial<UserEntry> & { readonly name: string })[];
}

async function edit(path: string, defaultRoot: string | undefined, change: (document: Draft) => Draft): Promise<void> {
  // What is a link stays one.
  const file = await realpath(path).catch(() => resolve(path));
  const before = await textOf(file);
  if (before !== undefined) parseUsersDocument(before, file, defaultRoot);
  const document = before === undefined ? { users: [] } : (parseJson(before).value as UsersDocument);
  const after = `${JSON.stringify(change(document), undefined, 2)}\n`;
  parseUsersDocument(after, file, defaultRoot);
  await replaceFile(file, after, before);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new ConfigError(`${file}: cannot be read`, { cause: error });
  }
}

async function replaceFile(file: string, after: string, before: string | undefined): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const mode = ((await stat(file).catch(() => undefined))?.mode ?? 0o600) & 0o777;
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(after);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await textOf(file)) !== before) throw new ConfigError(`${file}: was changed meanwhile; try again`);
    await rename(temporary, file);
  } catch (error) {
    // It may never have come to be.
    await unlink(temporary).catch(() => undefined);
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file}: cannot be written`, { cause: error });
  }
}
