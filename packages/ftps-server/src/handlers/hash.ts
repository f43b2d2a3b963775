// HASH (draft-bryan-ftpext-hash §3): the hash of a file, or of the range that RANG has set.
import { ReplyCode, type ByteRange } from '@ftps-kit/ftp-protocol';
import { capability, notCapable } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import { hashRefusal } from '../hash-refusal.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function hash(context: CommandContext): Promise<Outcome> {
  const { session, server, argument, aborted } = context;
  const range = session.takeRange();
  if (capability(session, 'hash') === undefined) return notCapable();
  const path = argumentPath(context);
  const { type, sizeBytes } = await session.account.fileSystem.stat(path);
  // §3.5: "a 553 reply if the user requests the HASH of a directory, which is not a defined operation".
  if (type === 'directory') return outcome(ReplyCode.FileNameNotAllowed, 'A directory has no hash.');
  const algorithm = session.hashing.selected;
  const { first, last } = bytesOf(range, sizeBytes);
  // Nothing can be hashed of an empty file, whose last byte is none.
  const end = sizeBytes === 0 ? 0 : last + 1;
  try {
    const hex = await server.hashing.hash(session, { path, algorithm, start: first, end }, aborted);
    // §3: hash-ok = "213" SP hashname SP start-point "-" end-point SP filehash SP <pathname> CRLF
    return outcome(ReplyCode.FileStatus, `${algorithm} ${first}-${last} ${hex} ${argument}`);
  } catch (error) {
    return hashRefusal(context, error);
  }
}

/**
 * draft-bryan-ftp-range §3: the end-point is inclusive (ProFTPD says the size there, one more); §4.3: an end behind that of the file means the file's. Of an empty
 * file the draft's grammar can only say 0-0: "<end-point> MUST be greater or equal than [...] <start-point>".
 */
function bytesOf(range: ByteRange | undefined, sizeBytes: number): ByteRange {
  const last = Math.max(0, sizeBytes - 1);
  if (range === undefined) return { first: 0, last };
  if (range.first > last) throw new FileSystemError('offset-beyond-end', `${range.first} is beyond ${sizeBytes}`);
  return { first: range.first, last: Math.min(range.last, last) };
}
