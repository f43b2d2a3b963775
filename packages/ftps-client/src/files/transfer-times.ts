// Gives an uploaded file its modification time, where the server takes one; a file without it is a file all the same.
import { ReplyError, UnsupportedError } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { timeIfTold } from '../remote/modification-time.js';
import { setRemoteModified } from '../remote/remote-time.js';
import { isTransient } from './retry.js';
import type { TimesReport } from './transfer-result.js';

/** Sets the time, to the second, and says whether that was done. Rejects only where the connection is lost. */
export async function giveModificationTime(
  context: LoginContext,
  path: string,
  time: Date,
  signal: AbortSignal | undefined,
): Promise<TimesReport> {
  const modifiedAt = new Date(Math.floor(time.getTime() / 1000) * 1000);
  try {
    await setRemoteModified(context, path, modifiedAt, signal);
  } catch (error) {
    const isRefused = error instanceof ReplyError || error instanceof UnsupportedError;
    if (!isRefused || isTransient(error)) throw error;
    return { set: false, reason: error.message };
  }
  if (context.features.has('MFMT')) return { set: true, modifiedAt, by: 'MFMT' };
  // Who knows MDTM as a question only may have taken time and path together for a name, and answered.
  const now = await timeIfTold(context, path, signal);
  if (now?.getTime() === modifiedAt.getTime()) return { set: true, modifiedAt, by: 'MDTM' };
  return { set: false, reason: 'the server has no MFMT, and its MDTM sets nothing' };
}
