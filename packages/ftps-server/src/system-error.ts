// From Node's system errors to the kinds of FileSystemError.
import { FileSystemError, type FileSystemErrorKind } from './errors.js';

const KINDS: Readonly<Record<string, FileSystemErrorKind>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
  ETXTBSY: 'permission',
  EISDIR: 'is-directory',
  ENOTDIR: 'not-directory',
  ENOTEMPTY: 'not-empty',
  ENXIO: 'not-file',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  ENAMETOOLONG: 'name-not-allowed',
  EINVAL: 'name-not-allowed',
  EILSEQ: 'name-not-allowed',
  ELOOP: 'not-found',
};

export function fileSystemError(error: unknown): FileSystemError {
  if (error instanceof FileSystemError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = error instanceof Error ? error.message : String(error);
  return new FileSystemError(KINDS[code] ?? 'other', message, { cause: error });
}
