// When a remote file was modified, asked and set (RFC 3659 §3, draft-somers-ftp-mfxx §3).
import { encodeTime } from '@ftps-kit/ftp-protocol';
import { ConfigError } from '@ftps-kit/tls-core';
import { outgoingPath } from '../control/outgoing-command.js';
import { UnsupportedError, isCompletion, isNegative, isUnknownCommand, refused } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { timeIn } from './modification-time.js';
import { remoteStat } from './remote-entry.js';

/** When it was modified: MDTM, else what MLST or a listing says. Rejects with `UnsupportedError` where nothing does. */
export async function remoteModifiedAt(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Date> {
  const command = outgoingPath('MDTM', path);
  const reply = await context.control.run(command, { timeoutMs: context.timeouts.replyMs, signal });
  if (!isNegative(reply)) return timeIn(reply);
  // RFC 3659 §3.2: 550 also where the time "is not available" for what is there, such as a folder.
  const entry = await remoteStat(context, path, signal);
  if (entry.modifiedAt !== undefined) return entry.modifiedAt;
  const refusal = refused(command, reply);
  if (!isUnknownCommand(reply)) throw refusal;
  throw new UnsupportedError('the server tells no modification times: it has neither MDTM nor MLST', {
    cause: refusal,
  });
}

/**
 * Sets when it was modified: MFMT (draft-somers-ftp-mfxx §3), else MDTM with a time, which vsftpd and others take. Rejects
 * with `UnsupportedError` where the server has neither.
 */
export async function setRemoteModified(
  context: LoginContext,
  path: string,
  time: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { control, features } = context;
  const deadline = { timeoutMs: context.timeouts.replyMs, signal };
  // Draft §3.1: UTC, as MDTM has it.
  const form = { before: `${encoded(time)} ` };
  if (features.has('MFMT')) {
    await control.demand(outgoingPath('MFMT', path, form), deadline);
    return;
  }
  const command = outgoingPath('MDTM', path, form);
  const reply = await control.run(command, deadline);
  if (isCompletion(reply)) return;
  // A server without the form with a time takes time and path for the name of a file, which is not there.
  await remoteStat(context, path, signal);
  const cause = refused(command, reply);
  throw new UnsupportedError('the server sets no modification times: it has no MFMT, and refused MDTM with a time', {
    cause,
  });
}

function encoded(time: Date): string {
  try {
    return encodeTime(time);
  } catch (cause) {
    throw new ConfigError(`setModified: ${String(time)} is no time that FTP can write`, { cause });
  }
}
