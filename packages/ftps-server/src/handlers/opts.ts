// OPTS (RFC 2389 §4): UTF8, which is always on, and the facts of MLST (RFC 3659 §7.9).
import { ReplyCode, encodeMlstOptionsReply, parseMlstOptions } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { mlstFacts } from '../listing.js';
import { outcome, type Outcome } from '../outcome.js';

export function opts({ argument, session }: CommandContext): Outcome {
  const [name = '', ...rest] = argument.split(' ');
  const value = rest.join(' ');
  switch (name.toUpperCase()) {
    case 'UTF8':
      // RFC 2389 §4: 501 for options that are not recognised, or not appropriate.
      return value === '' || value.toUpperCase() === 'ON'
        ? outcome(ReplyCode.CommandOkay, 'Names are always UTF-8.')
        : outcome(ReplyCode.ArgumentSyntaxError, 'Names are always UTF-8.');
    case 'MLST': {
      session.selectedFacts = parseMlstOptions(value);
      const selected = mlstFacts(session).filter(({ isSelected }) => isSelected);
      return outcome(ReplyCode.CommandOkay, encodeMlstOptionsReply(selected.map((fact) => fact.name)));
    }
    default:
      return outcome(ReplyCode.ArgumentSyntaxError, 'There are options for UTF8 and MLST.');
  }
}
