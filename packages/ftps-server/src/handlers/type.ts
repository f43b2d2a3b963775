// TYPE (RFC 959 §5.3.2): how files are represented. ASCII converts line ends on the way.
import { ReplyCode, encodeRepresentationType, parseRepresentationType } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function type({ argument, session }: CommandContext): Outcome {
  session.type = parseRepresentationType(argument);
  return outcome(ReplyCode.CommandOkay, `Type is ${encodeRepresentationType(session.type)}.`);
}
