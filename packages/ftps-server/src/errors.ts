// The server's own errors.
import { FtpsError } from '@ftps-kit/tls-core';

/** Why a file system refused; each kind has one reply (see `file-system-reply.ts`). */
export type FileSystemErrorKind =
  | 'not-found'
  | 'exists'
  | 'permission'
  | 'is-directory'
  | 'not-directory'
  | 'not-file'
  | 'not-empty'
  | 'no-space'
  /** The account has used up its quota. */
  | 'over-quota'
  | 'name-not-allowed'
  | 'offset-beyond-end'
  /** A directory has more entries than may be listed. */
  | 'too-many-entries'
  /** Another upload is written into this very file; tried again later it may be done. */
  | 'busy'
  /** It is not what it was when the transfer began. */
  | 'changed'
  /** What was written to was removed or replaced meanwhile: nobody finds it any more. */
  | 'gone'
  /** A new file is in place, whole, and others see it; but the disk did not confirm its name, so a crash may take it. */
  | 'unsynced'
  | 'other';

/** A file system refused, or failed. The message may name local paths: it is for the operator and never goes to a client. */
export class FileSystemError extends FtpsError {
  readonly code = 'FTPS_ERR_FILE_SYSTEM';
  readonly kind: FileSystemErrorKind;

  constructor(kind: FileSystemErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
