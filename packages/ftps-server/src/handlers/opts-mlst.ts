// OPTS MLST (RFC 3659 §7.9): the facts that MLSD and MLST give from here on.
import { ReplyCode, encodeMlstOptionsReply, parseMlstOptions } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { mlstFacts } from '../listing.js';
import { outcome, type Outcome } from '../outcome.js';

export function optsMlst({ argument, session }: CommandContext): Outcome {
  session.selectedFacts = parseMlstOptions(argument);
  const selected = mlstFacts(session).filter(({ isSelected }) => isSelected);
  return outcome(ReplyCode.CommandOkay, encodeMlstOptionsReply(selected.map((fact) => fact.name)));
}
