// What the optional methods of a file system make possible.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { FileSystem } from './file-system.js';
import { outcome, type Outcome } from './outcome.js';
import type { Session } from './session.js';

export type CapabilityMethod = 'hash' | 'setMode' | 'setCreated' | 'freeSpace';

/** Whether FEAT names it. Before a login nobody knows what is behind it: what most file systems have is named then. */
export function hasCapability({ login }: Session, method: CapabilityMethod): boolean {
  if (login.state !== 'logged-in') return method !== 'setCreated';
  return login.account.fileSystem[method] !== undefined;
}

/** The method, ready to be called; undefined where the file system has none. */
export function capability<Method extends CapabilityMethod>(
  { account: { fileSystem } }: Session,
  method: Method,
): NonNullable<FileSystem[Method]> | undefined {
  return fileSystem[method]?.bind(fileSystem) as NonNullable<FileSystem[Method]> | undefined;
}

/** What is answered where there is none. */
export function notCapable(): Outcome {
  return outcome(ReplyCode.CommandNotImplemented, 'The file system of this account cannot do that.');
}
