// NLST (RFC 959 §4.1.3): names, one a line.
import type { CommandContext } from '../command-row.js';
import { listingOutcome } from '../listing-transfer.js';
import type { Outcome } from '../outcome.js';

export function nlst(context: CommandContext): Promise<Outcome> {
  return listingOutcome(context, ({ name }) => name);
}
