// What an account may do, and which of it a command asks for.
import { ConfigError } from '@ftps-kit/tls-core';
import { FileSystemError } from './errors.js';
import type { EntryType } from './file-system.js';

/**
 * What an account may do:
 * - `read`: download files, and have them hashed;
 * - `write`: upload files, also over old ones, and set times and modes;
 * - `delete`: remove files and directories;
 * - `rename`: rename and move; over an old file only together with `write`;
 * - `list`: see names, sizes and times;
 * - `makeDirectories`: make directories.
 */
export type Permission = 'read' | 'write' | 'delete' | 'rename' | 'list' | 'makeDirectories';

/** What a command asks for: one permission, or any one of several. */
export type NeededPermission = Permission | readonly Permission[];

/** All permissions, which an account has unless it says otherwise. */
export const ALL_PERMISSIONS: readonly Permission[] = Object.freeze([
  'read',
  'write',
  'delete',
  'rename',
  'list',
  'makeDirectories',
]);

/** What is left to an account that is `readOnly`. */
export const READ_ONLY_PERMISSIONS: readonly Permission[] = Object.freeze(['read', 'list']);

/** Who has permissions. */
interface Permitted {
  readonly permissions: ReadonlySet<Permission>;
}

/** The permissions of an account. Throws `ConfigError` for a word that is none. */
export function parsePermissions(
  permissions: readonly string[] | undefined,
  readOnly: boolean,
): ReadonlySet<Permission> {
  const given = (permissions ?? ALL_PERMISSIONS).map(parsePermission);
  return new Set(readOnly ? given.filter((one) => READ_ONLY_PERMISSIONS.includes(one)) : given);
}

function parsePermission(word: string): Permission {
  const found = ALL_PERMISSIONS.find((permission) => permission === word);
  if (found !== undefined) return found;
  throw new ConfigError(`permissions: '${word}' is not one of ${ALL_PERMISSIONS.join(', ')}`);
}

/** Whether an account may do what asks for `needed`. */
export function allows({ permissions }: Permitted, needed: NeededPermission): boolean {
  return typeof needed === 'string' ? permissions.has(needed) : needed.some((one) => permissions.has(one));
}

/** Throws `FileSystemError` of the kind `permission`, whether what the command names is there or not. */
export function requirePermission(account: Permitted, needed: NeededPermission): void {
  if (allows(account, needed)) return;
  throw new FileSystemError('permission', `the account lacks the permission ${String(needed)}`);
}

/** RFC 3659 §7.5.5: the letters of the fact `perm`: what this account may do with a file or a directory. */
export function permFact(account: Permitted, type: EntryType): string {
  const letters = type === 'directory' ? DIRECTORY_LETTERS : FILE_LETTERS;
  return letters
    .filter(([, needed]) => needed === undefined || allows(account, needed))
    .map(([letter]) => letter)
    .join('');
}

type Letters = readonly (readonly [letter: string, needed: Permission | undefined])[];

const FILE_LETTERS: Letters = [
  ['r', 'read'],
  ['a', 'write'],
  ['d', 'delete'],
  ['f', 'rename'],
  ['w', 'write'],
];

const DIRECTORY_LETTERS: Letters = [
  ['e', undefined],
  ['l', 'list'],
  ['c', 'write'],
  ['d', 'delete'],
  ['f', 'rename'],
  ['m', 'makeDirectories'],
  ['p', 'delete'],
];
