// An account: where its files are, what it may do, and how much of everything.
import { posix } from 'node:path';
import { ConfigError } from '@ftps-kit/tls-core';
import { flag, knownKeys, textList, wholeNumber } from '@ftps-kit/tls-core/internal';
import { AddressList } from './address-list.js';
import type { FileSystem } from './file-system.js';
import { LocalFileSystem } from './local-file-system.js';
import { parsePermissions, type Permission } from './permissions.js';

/** How fast an account moves files, bytes per second. Default: as fast as it goes. */
export interface RateLimits {
  /** Uploads of all sessions of the account together, which share it fairly. */
  readonly uploadBytesPerSecond?: number | undefined;
  /** Downloads and listings of all sessions of the account together. */
  readonly downloadBytesPerSecond?: number | undefined;
  /** Uploads of each session. */
  readonly sessionUploadBytesPerSecond?: number | undefined;
  /** Downloads and listings of each session. */
  readonly sessionDownloadBytesPerSecond?: number | undefined;
}

/** What holds for an account whatever holds its files, as plain data. */
export interface AccountTerms {
  /** What it may do. Default: everything. */
  readonly permissions?: readonly Permission[] | undefined;
  /** Nothing can be changed: leaves no more than `read` and `list` of the permissions. Default false. */
  readonly readOnly?: boolean | undefined;
  /** How many bytes all files below its root may have together. Default: no bound. */
  readonly quotaBytes?: number | undefined;
  readonly rates?: RateLimits | undefined;
  /** Addresses and networks in CIDR form (IPv4, IPv6) that it may come from. Default: any. */
  readonly allowedAddresses?: readonly string[] | undefined;
  /**
   * Whether the control connection must have shown a client certificate that the server trusts (`tls.clientCa`): any one,
   * or one of these SHA-256 fingerprints. Default false.
   */
  readonly clientCertificate?: boolean | readonly string[] | undefined;
  /** How many sessions it may have at a time. Default: no bound but the server's. */
  readonly maxSessions?: number | undefined;
  /** Where a session begins, as the client sees it. Default `/`; where it is missing, `/` as well. */
  readonly homeDirectory?: string | undefined;
}

/** Who is let in, as `authenticate` gives it: a name, and one of `root` and `fileSystem`. */
export interface Account extends AccountTerms {
  readonly name: string;
  /** Folder of this machine that it sees as `/`. */
  readonly root?: string | undefined;
  /** Its files, where they are not simply a folder. */
  readonly fileSystem?: FileSystem | undefined;
  /** Fires when the account is no more: its sessions end after the transfer under way. */
  readonly revoked?: AbortSignal | undefined;
}

/** A parsed account. */
export interface GrantedAccount {
  readonly name: string;
  readonly fileSystem: FileSystem;
  readonly permissions: ReadonlySet<Permission>;
  readonly quotaBytes: number | undefined;
  readonly rates: RateLimits;
  /** Undefined: it may come from anywhere. */
  readonly allowedAddresses: AddressList | undefined;
  readonly clientCertificate: boolean | ReadonlySet<string>;
  readonly maxSessions: number | undefined;
  readonly homeDirectory: string;
  readonly revoked: AbortSignal | undefined;
}

/** The names of `AccountTerms`, for whoever reads accounts from a file. */
export const TERM_KEYS = [
  'permissions',
  'readOnly',
  'quotaBytes',
  'rates',
  'allowedAddresses',
  'clientCertificate',
  'maxSessions',
  'homeDirectory',
] as const satisfies readonly (keyof AccountTerms)[];

const KEYS = ['name', 'root', 'fileSystem', 'revoked', ...TERM_KEYS] as const satisfies readonly (keyof Account)[];

const RATE_KEYS = [
  'uploadBytesPerSecond',
  'downloadBytesPerSecond',
  'sessionUploadBytesPerSecond',
  'sessionDownloadBytesPerSecond',
] as const satisfies readonly (keyof RateLimits)[];

const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/;

/** What opens a `root`. */
export type OpenRoot = (root: string) => FileSystem;

/** A file system of its own each time, with its defaults. */
export const openLocalRoot: OpenRoot = (root) => new LocalFileSystem(root);

/** Throws `ConfigError` that names the wrong field. */
export function parseAccount(account: Account, openRoot: OpenRoot = openLocalRoot): GrantedAccount {
  knownKeys('', account, KEYS);
  if (typeof account.name !== 'string' || account.name === '') throw new ConfigError('name: an account needs one');
  return Object.freeze<GrantedAccount>({
    name: account.name,
    fileSystem: filesOf(account, openRoot),
    revoked: account.revoked,
    ...parseTerms(account),
  });
}

/** The part of a parsed account that files and command lines can say. */
export type ParsedTerms = Omit<GrantedAccount, 'name' | 'fileSystem' | 'revoked'>;

/** Throws `ConfigError` that names the wrong field; keys it does not know are the caller's. */
export function parseTerms(terms: AccountTerms): ParsedTerms {
  const { permissions, readOnly = false, allowedAddresses, quotaBytes, maxSessions } = terms;
  return {
    permissions: parsePermissions(permissions && textList('permissions', permissions), flag('readOnly', readOnly)),
    quotaBytes: quotaBytes === undefined ? undefined : wholeNumber('quotaBytes', quotaBytes, 0),
    rates: parseRates(terms.rates ?? {}),
    allowedAddresses:
      allowedAddresses && new AddressList('allowedAddresses', textList('allowedAddresses', allowedAddresses)),
    clientCertificate: parseClientCertificate(terms.clientCertificate ?? false),
    maxSessions: maxSessions === undefined ? undefined : wholeNumber('maxSessions', maxSessions, 1),
    homeDirectory: parseHome(terms.homeDirectory ?? '/'),
  };
}

function filesOf({ root, fileSystem }: Account, openRoot: OpenRoot): FileSystem {
  if (root !== undefined && fileSystem !== undefined) throw new ConfigError('root: give it, or fileSystem, not both');
  if (fileSystem !== undefined) return fileSystem;
  if (typeof root !== 'string' || root === '') throw new ConfigError('root: an account needs it, or a fileSystem');
  return openRoot(root);
}

function parseRates(rates: RateLimits): RateLimits {
  knownKeys('rates', rates, RATE_KEYS);
  for (const key of RATE_KEYS) {
    const value = rates[key];
    if (value !== undefined) wholeNumber(`rates.${key}`, value, 1);
  }
  return Object.freeze({ ...rates });
}

function parseClientCertificate(value: boolean | readonly string[]): boolean | ReadonlySet<string> {
  if (typeof value === 'boolean') return value;
  const fingerprints = textList('clientCertificate', value).map((text) => text.toUpperCase());
  for (const fingerprint of fingerprints) {
    if (!FINGERPRINT.test(fingerprint)) {
      throw new ConfigError(`clientCertificate: '${fingerprint}' is not a SHA-256 fingerprint such as AB:CD:…`);
    }
  }
  return new Set(fingerprints);
}

function parseHome(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/') || path.includes('\0')) {
    throw new ConfigError('homeDirectory: is not an absolute path such as /incoming');
  }
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}
