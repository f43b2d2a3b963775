// What stands in a users file: its form, checked, and with the line of what is wrong.
import { isAbsolute, dirname, resolve } from 'node:path';
import { ConfigError } from '@ftps-kit/tls-core';
import { flag, knownKeys } from '@ftps-kit/tls-core/internal';
import { TERM_KEYS, parseTerms, type AccountTerms } from './account.js';
import { JsonError, parseJson, type JsonSource } from './json-source.js';
import { PasswordHash } from './password-hash.js';

/** One user as the file has it. */
export interface UserEntry extends AccountTerms {
  readonly name: string;
  /** The password's hash, as `hashPassword` makes it. */
  readonly password: string;
  /** Folder that the user sees as `/`; relative to the folder of the file. */
  readonly root?: string | undefined;
  /** Cannot log in, and is kept all the same. Default false. */
  readonly disabled?: boolean | undefined;
}

/** The whole file. */
export interface UsersDocument {
  readonly users: readonly UserEntry[];
}

/** A checked user, ready to log in. */
export interface KnownUser {
  readonly name: string;
  readonly hash: PasswordHash;
  /** Absolute. */
  readonly root: string;
  readonly isDisabled: boolean;
  readonly terms: AccountTerms;
}

const USER_KEYS = [
  'name',
  'password',
  'root',
  'disabled',
  ...TERM_KEYS,
] as const satisfies readonly (keyof UserEntry)[];

const MAX_NAME_LENGTH = 255;

/** Reads a users file's text. Throws `ConfigError` that names the file, the line and the user, and no secret. */
export function parseUsersDocument(text: string, file: string, defaultRoot?: string): readonly KnownUser[] {
  const inLine = <T>(line: number | undefined, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof ConfigError) throw new ConfigError(`${file}:${line ?? 1}: ${error.message}`);
      throw error;
    }
  };
  const { value, lineOf } = sourceOf(text, file);
  const users = inLine(1, () => usersOf(value));
  const names = new Set<string>();
  return users.map((entry) => inLine(lineOf(entry), () => parseUser(entry, names, { file, defaultRoot })));
}

function sourceOf(text: string, file: string): JsonSource {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw new ConfigError(`${file}:${error.line}: ${error.message}`);
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function usersOf(document: unknown): readonly Fields[] {
  if (!isFields(document)) throw new ConfigError('is not an object with the list `users`');
  knownKeys('', document, ['users']);
  const { users } = document;
  if (!Array.isArray(users) || !users.every(isFields)) throw new ConfigError('users: is not a list of objects');
  return users;
}

function parseUser(
  entry: Fields,
  names: Set<string>,
  { file, defaultRoot }: { readonly file: string; readonly defaultRoot: string | undefined },
): KnownUser {
  const { name, password, root, disabled = false, ...terms } = entry;
  if (typeof name !== 'string' || !isUserName(name)) throw new ConfigError('name: a user needs one, on one line');
  return ofUser(name, () => {
    knownKeys('', entry, USER_KEYS);
    if (names.has(name)) throw new ConfigError('name: is taken by another user');
    names.add(name);
    if (typeof password !== 'string') throw new ConfigError('password: is missing; `ftps passwd` makes its hash');
    parseTerms(terms);
    return {
      name,
      hash: PasswordHash.parse(password),
      root: parseRoot(root ?? defaultRoot, file),
      isDisabled: flag('disabled', disabled),
      terms,
    };
  });
}

/** Whether somebody can log in by this name: USER takes it as one line. */
export function isUserName(name: string): boolean {
  return name !== '' && name.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(name);
}

function parseRoot(root: unknown, file: string): string {
  if (root === undefined) throw new ConfigError('root: is missing; name the folder that the user sees as /');
  if (typeof root !== 'string' || root === '' || root.includes('\0')) throw new ConfigError('root: is not a folder');
  return isAbsolute(root) ? root : resolve(dirname(file), root);
}

function ofUser<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`user ${JSON.stringify(name)}: ${error.message}`);
    throw error;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
