// The one place where a file system's refusal becomes a reply. It names the path as the client knows it, and no other.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { FileSystemError, FileSystemErrorKind } from './errors.js';
import { outcome, type Outcome } from './outcome.js';

const REPLIES: Readonly<Record<FileSystemErrorKind, readonly [code: number, text: string]>> = {
  'not-found': [ReplyCode.FileUnavailable, 'No such file or directory.'],
  exists: [ReplyCode.FileUnavailable, 'It exists already.'],
  permission: [ReplyCode.FileUnavailable, 'Permission denied.'],
  'is-directory': [ReplyCode.FileUnavailable, 'It is a directory.'],
  'not-directory': [ReplyCode.FileUnavailable, 'It is not a directory.'],
  'not-file': [ReplyCode.FileUnavailable, 'It is not a regular file.'],
  'not-empty': [ReplyCode.FileUnavailable, 'The directory is not empty.'],
  'no-space': [ReplyCode.InsufficientStorage, 'There is no space left.'],
  // RFC 959 §4.2.2: 552, exceeded storage allocation.
  'over-quota': [ReplyCode.StorageExceeded, 'The quota of this account would be exceeded.'],
  'name-not-allowed': [ReplyCode.FileNameNotAllowed, 'This name is not allowed.'],
  'offset-beyond-end': [ReplyCode.FileUnavailable, 'The restart offset lies beyond the end of the file.'],
  'too-many-entries': [ReplyCode.LocalError, 'The directory has more entries than this server lists.'],
  // RFC 959 §4.2.1: '450 Requested file action not taken. File unavailable (e.g., file busy).'
  busy: [ReplyCode.FileBusy, 'Another upload goes into this file; try again later.'],
  changed: [ReplyCode.LocalError, 'The file changed while it was read; try again.'],
  gone: [ReplyCode.LocalError, 'The file was removed or replaced meanwhile; what was sent is lost with it.'],
  unsynced: [ReplyCode.LocalError, 'The file is in place, but the disk did not confirm it: a crash may undo that.'],
  other: [ReplyCode.LocalError, 'The file system failed.'],
};

export function fileSystemReply(error: FileSystemError): Outcome {
  const [code, text] = REPLIES[error.kind];
  return outcome(code, text);
}
