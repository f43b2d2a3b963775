// Accounts in a file that can be read again while the server runs.
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '@ftps-kit/tls-core';
import { openLocalRoot, type OpenRoot } from './account.js';
import { AccountList, type ListedAccount } from './account-list.js';
import type { Authenticate } from './accounts.js';
import type { FileSystem } from './file-system.js';
import { folderOf } from './shared-roots.js';
import { Turns } from './turns.js';
import { parseUsersDocument, type KnownUser } from './users-document.js';

export interface UsersFileOptions {
  /** The folder of users that the file names none for. Default: each needs one. */
  readonly defaultRoot?: string | undefined;
  /** Makes the file system of a root. Default: a `LocalFileSystem` with its defaults. */
  readonly openRoot?: OpenRoot | undefined;
}

/** What reading the file came to. */
export interface UsersReport {
  /** Who can log in. */
  readonly users: number;
  /** Who could before, and cannot any more: their sessions end behind the transfer under way. */
  readonly removed: readonly string[];
  /** What is no error and should not stay so, a sentence each. */
  readonly warnings: readonly string[];
}

/** Reads a users file. Rejects with `ConfigError` that names the line and the user. */
export async function usersFile(path: string, options: UsersFileOptions = {}): Promise<UsersFile> {
  const users = new UsersFile(path, options);
  await users.reload();
  return users;
}

/** The users of a file. Made by `usersFile`. */
export class UsersFile {
  /** For the option of this name; it may be taken apart from the object. */
  readonly authenticate: Authenticate;
  /** Absolute. */
  readonly path: string;
  readonly #options: UsersFileOptions;
  readonly #turns = new Turns(1);
  /** What ends the sessions of a user, by name. */
  #revocations = new Map<string, AbortController>();
  /** By their real paths. */
  #roots = new Map<string, FileSystem>();
  #list = new AccountList([]);
  #report: UsersReport = { users: 0, removed: [], warnings: [] };

  constructor(path: string, options: UsersFileOptions) {
    this.path = resolve(path);
    this.#options = options;
    this.authenticate = ({ user, password }) => this.#list.find(user, password);
  }

  /** What the file was like when it was read last. */
  get report(): UsersReport {
    return this.#report;
  }

  /**
   * Reads the file again. From then on it counts for logins; sessions keep the account they have, unless it was removed
   * or disabled. Rejects with `ConfigError` where the file makes no sense, and nothing has changed then.
   */
  reload(): Promise<UsersReport> {
    return this.#turns.run(async () => {
      const users = parseUsersDocument(await this.#read(), this.path, this.#options.defaultRoot);
      const active = users.filter(({ isDisabled }) => !isDisabled);
      const warnings = await warningsOf(this.path, active);
      this.#list = new AccountList(this.#accountsOf(active));
      this.#report = { users: active.length, removed: this.#revokeOthers(active), warnings };
      return this.#report;
    });
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      throw new ConfigError(`${this.path}: cannot be read`, { cause: error });
    }
  }

  #accountsOf(users: readonly KnownUser[]): readonly ListedAccount[] {
    const { openRoot = openLocalRoot } = this.#options;
    const roots = new Map<string, FileSystem>();
    const accounts = users.map(({ name, hash, root, terms }): ListedAccount => {
      const revocation = this.#revocations.get(name) ?? new AbortController();
      this.#revocations.set(name, revocation);
      // Kept from before, so that a quota goes on counting what it has counted.
      const folder = folderOf(root);
      const fileSystem = roots.get(folder) ?? this.#roots.get(folder) ?? openRoot(folder);
      roots.set(folder, fileSystem);
      return {
        account: Object.freeze({ ...terms, name, fileSystem, revoked: revocation.signal }),
        secret: { hash },
      };
    });
    this.#roots = roots;
    return accounts;
  }

  #revokeOthers(users: readonly KnownUser[]): readonly string[] {
    const names = new Set(users.map(({ name }) => name));
    const removed = [...this.#revocations.keys()].filter((name) => !names.has(name));
    for (const name of removed) {
      this.#revocations.get(name)?.abort();
      this.#revocations.delete(name);
    }
    return removed;
  }
}

async function warningsOf(path: string, users: readonly KnownUser[]): Promise<readonly string[]> {
  const warnings: string[] = [];
  const found = await stat(path).catch(() => undefined);
  // Windows knows no such bits.
  if (found !== undefined && process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    warnings.push(`${path}: others on this machine can get at it (mode ${mode}); make that 600`);
  }
  for (const { name, root } of users) {
    const isFolder = (await stat(root).catch(() => undefined))?.isDirectory() ?? false;
    if (!isFolder) warnings.push(`${path}: user ${JSON.stringify(name)}: the root ${root} is not a folder`);
  }
  return warnings;
}
