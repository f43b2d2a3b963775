// Names that a server gave, as names of local files: nothing in a listing may lead out of the folder it is put into.
import { FtpsError } from '@ftps-kit/tls-core';
import { knownKeys } from '@ftps-kit/tls-core/internal';
import { printable } from '../printable.js';

/** A remote name that cannot be the name of a local file; `remoteName` is what the server said. */
export class UnsafeNameError extends FtpsError {
  readonly code = 'FTPS_ERR_UNSAFE_NAME';
  readonly remoteName: string;

  constructor(remoteName: string, reason: string) {
    super(`${printable(JSON.stringify(remoteName))} cannot be the name of a local file: ${reason}`);
    this.remoteName = remoteName;
  }
}

// Windows' devices, with whatever extension (docs.microsoft.com, "Naming Files, Paths, and Namespaces").
const deviceName = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:[ .:]|$)/i;
const loneSurrogate = /\p{Surrogate}/u;

export interface LocalNameOptions {
  /** The system that the file is written on. Default: this one. */
  readonly platform?: NodeJS.Platform | undefined;
}

/**
 * `name`, one component of a listing, if a local file in a given folder can have it: joined to that folder it leads to
 * something right in it. A backslash, a drive letter and control characters are refused on every system, since what is unpacked
 * here is copied elsewhere and shown on terminals; what only Windows takes for something else, on Windows. Throws
 * `UnsafeNameError`, and `ConfigError` for an option that is none.
 */
export function safeLocalName(name: string, options: LocalNameOptions = {}): string {
  knownKeys('', options, ['platform'] satisfies (keyof LocalNameOptions)[]);
  const { platform = process.platform } = options;
  const reason = whyUnsafe(name) ?? (platform === 'win32' ? whyUnsafeOnWindows(name) : undefined);
  if (reason !== undefined) throw new UnsafeNameError(name, reason);
  return name;
}

function whyUnsafe(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it means a folder';
  if (name.includes('/') || name.includes('\\')) return 'it holds a slash or a backslash';
  // NUL is none of a name anywhere; the others, and what turns the direction of text, steer whatever shows the file's name later.
  if (printable(name) !== name) return 'it holds a control character';
  if (/^[A-Za-z]:/.test(name)) return 'it begins with a drive letter';
  // Node would write U+FFFD in its place, and two names would be one file.
  if (loneSurrogate.test(name)) return 'it holds bytes that are no UTF-8';
  if (Buffer.byteLength(name) > 255) return 'it is longer than 255 bytes';
  return undefined;
}

function whyUnsafeOnWindows(name: string): string | undefined {
  if (deviceName.test(name)) return 'it is the name of a device';
  if (/[<>:"|?*]/.test(name)) return 'it holds a character that Windows does not allow';
  if (/[ .]$/.test(name)) return 'it ends with a space or a dot, which Windows leaves out';
  return undefined;
}
