// LIST (RFC 959 §4.1.3): a directory or a file as `ls -l` shows it.
import type { CommandContext } from '../command-row.js';
import { unixLine } from '../listing.js';
import { listingOutcome } from '../listing-transfer.js';
import type { Outcome } from '../outcome.js';

export function list(context: CommandContext): Promise<Outcome> {
  const now = new Date();
  return listingOutcome(context, (entry) => unixLine(entry, now));
}
