// OPTS UTF8: what clients of the time before RFC 2640 was common still ask for. It is always on.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function optsUtf8({ argument }: CommandContext): Outcome {
  // RFC 2389 §4: 501 for options that are not recognised, or not appropriate.
  return argument === '' || argument.toUpperCase() === 'ON'
    ? outcome(ReplyCode.CommandOkay, 'Names are always UTF-8.')
    : outcome(ReplyCode.ArgumentSyntaxError, 'Names are always UTF-8.');
}
