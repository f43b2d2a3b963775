// What an error says of the command that was waited for in vain.
import { AbortedError, TimeoutError } from '@ftps-kit/tls-core';
import { printable } from '../printable.js';
import type { OutgoingCommand } from './outgoing-command.js';

/** Commands that change something on the server. */
const CHANGING: readonly string[] = ['DELE', 'RMD', 'MKD', 'RNTO', 'MFMT', 'SITE'];

/** Puts it in front of the message of an error that ended this wait, and no other. */
export function noteUnanswered(error: unknown, { verb, shown }: OutgoingCommand): void {
  if (!(error instanceof TimeoutError) && !(error instanceof AbortedError)) return;
  const doubt = CHANGING.includes(verb) ? ', and may have been done all the same' : '';
  error.message = `${printable(shown)} was not answered${doubt}: ${error.message}`;
}
