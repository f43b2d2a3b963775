// Whether what moved is what the other side has now: by a hash that both took, or by the size.
import { ConfigError } from '@ftps-kit/tls-core';
import type { Reply } from '@ftps-kit/ftp-protocol';
import { VerificationError, replyText } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { mayKnow, tryCommand } from '../login/tried-command.js';
import { printable } from '../printable.js';
import { sizeIfTold, sizeToldIn } from '../remote/remote-facts.js';
import { hashCommandOf, remoteHash, type HashCommand } from '../remote/remote-hash.js';
import type { HashAlgorithm, StreamHash } from './hash-algorithm.js';

/**
 * How a transfer is checked. `auto`: by hash where the server has one, else by size, else not, and the result says so.
 * `hash` and `size` demand that check: where the server has it not, nothing is transferred.
 */
export type VerifyMode = 'auto' | 'hash' | 'size' | 'none';

export const VERIFY_MODES: readonly VerifyMode[] = ['auto', 'hash', 'size', 'none'];

/** What was proved about the file as a whole, and how. */
export type Verified =
  | { readonly by: 'hash'; readonly algorithm: HashAlgorithm; readonly value: string }
  | { readonly by: 'size'; readonly sizeBytes: number }
  | { readonly by: 'nothing'; readonly reason: string };

/** Which checks are possible here. */
export interface Check {
  readonly mode: VerifyMode;
  readonly hash: HashCommand | undefined;
  readonly size: boolean;
}

/** Throws `ConfigError` where a demanded check cannot be had from this server. */
export function planCheck(mode: VerifyMode, server: Pick<LoginContext, 'features' | 'traits'>): Check {
  const hash = mode === 'auto' || mode === 'hash' ? hashCommandOf(server.features) : undefined;
  const size = mode !== 'none' && mayKnow(server, 'SIZE');
  if (mode === 'hash' && hash === undefined) {
    throw new ConfigError(
      "verify: 'hash' cannot be had: the server has none of HASH, XSHA256, XSHA512, XSHA1, XMD5, XCRC",
    );
  }
  if (mode === 'size' && !size) throw new ConfigError("verify: 'size' cannot be had: the server has no SIZE");
  return { mode, hash, size };
}

/** A transfer that the server called complete. */
export interface MovedFile {
  readonly verb: string;
  readonly path: string;
  /** Of the whole file, on this side. */
  readonly sizeBytes: number;
  /** Of the whole file, on this side, where the server has that. */
  readonly hash: StreamHash | undefined;
  /** The size that the server told before, where it did. */
  readonly sizeBefore?: number | undefined;
  readonly reply: Reply;
}

/** Compares. Rejects with `VerificationError` where the two sides differ, and where a demanded check was refused. */
export async function verifyFile(
  context: LoginContext,
  check: Check,
  file: MovedFile,
  signal: AbortSignal | undefined,
): Promise<Verified> {
  if (check.mode === 'none') return { by: 'nothing', reason: "verify is 'none'" };
  const byHash = await verifyHash(context, check, file, signal);
  if (byHash !== undefined) return byHash;
  if (check.mode === 'hash') {
    throw new VerificationError(`the server took ${printable(file.path)}, but does not tell its hash now`, {
      ...lossOf(file, 0),
      resumable: false,
      reason: 'not-checked',
    });
  }
  return verifySize(context, check, file, signal);
}

/** Rejects with `VerificationError` where the server tells another size, whatever check was asked for. */
export async function mustHaveSize(
  context: LoginContext,
  file: MovedFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  await verifySize(context, { mode: 'size', hash: undefined, size: mayKnow(context, 'SIZE') }, file, signal);
}

async function verifyHash(
  context: LoginContext,
  { hash: command }: Check,
  file: MovedFile,
  signal: AbortSignal | undefined,
): Promise<Verified | undefined> {
  const { path, sizeBytes, hash, verb } = file;
  if (command === undefined || hash?.algorithm !== command.algorithm) return undefined;
  if (hash.bytes !== sizeBytes) {
    // Not to be passed over for the size: one of the two counts is of another file.
    throw new VerificationError(`${verb} moved ${sizeBytes} bytes, but ${hash.bytes} were hashed on this side`, {
      ...lossOf(file, 0),
      resumable: false,
      reason: 'not-checked',
    });
  }
  // Bytes that are missing can be fetched; a wrong hash says nothing of where the fault lies. So the size comes first.
  if (file.sizeBefore !== undefined && file.sizeBefore !== sizeBytes) {
    const size = await sizeIfTold(context, path, signal);
    if (size !== undefined && size !== sizeBytes) throw sizeDiffers(file, size);
  }
  const value = await remoteHash(context, command, { path, bytes: sizeBytes }, signal);
  if (value === undefined) return undefined;
  if (value === hash.value()) return { by: 'hash', algorithm: command.algorithm, value };
  const size = await sizeIfTold(context, path, signal);
  if (size !== undefined && size !== sizeBytes) throw sizeDiffers(file, size);
  throw new VerificationError(
    `${verb} moved ${sizeBytes} bytes, and the server has as many, but with another ${command.algorithm}: they differ`,
    { ...lossOf(file, 0), resumable: false, reason: 'hash-differs' },
  );
}

async function verifySize(
  context: LoginContext,
  check: Check,
  file: MovedFile,
  signal: AbortSignal | undefined,
): Promise<Verified> {
  const nothingTold = 'the server tells neither hash nor size of this file';
  if (!check.size) return { by: 'nothing', reason: nothingTold };
  // A file that grew or shrank on the way is asked about again before it is called wrong.
  const before = file.sizeBefore;
  const reply = before === file.sizeBytes ? undefined : await tryCommand(context, 'SIZE', file.path, signal);
  const size = before === file.sizeBytes ? before : sizeToldIn(reply);
  if (size === undefined) {
    // Nobody says that the file changed: what was told before stands, and other bytes than those came.
    if (before !== undefined) throw sizeDiffers(file, before, 'had');
    const said = reply === undefined ? '' : ` (${replyText(reply)})`;
    // Also where it says that there is no such file: folders that may only be written to answer so, of every file.
    if (check.mode !== 'size') return { by: 'nothing', reason: nothingTold + said };
    throw new VerificationError(`the server took ${printable(file.path)}, but does not tell its size now${said}`, {
      ...lossOf(file, 0),
      resumable: false,
      reason: 'not-checked',
    });
  }
  if (size === file.sizeBytes) return { by: 'size', sizeBytes: size };
  throw sizeDiffers(file, size);
}

/** The side with fewer bytes has what it has for certain, as far as anybody can tell by counting. */
function sizeDiffers(file: MovedFile, size: number, has: 'has' | 'had' = 'has'): VerificationError {
  const isDownload = file.verb === 'RETR';
  const receiverHas = isDownload ? file.sizeBytes : size;
  const senderHas = isDownload ? size : file.sizeBytes;
  const isShort = receiverHas < senderHas;
  return new VerificationError(
    `${file.verb} moved ${file.sizeBytes} bytes, but the server's file ${has} ${size}: it is not the same file`,
    { ...lossOf(file, isShort ? receiverHas : 0), resumable: isShort, reason: 'size-differs' },
  );
}

function lossOf({ sizeBytes, reply }: MovedFile, safeBytes: number) {
  return { bytes: sizeBytes, safeBytes, reply };
}
