// APPE (RFC 959 §4.1.3): bytes behind those of a file that is there, or a new file.
import type { CommandContext } from '../command-row.js';
import type { Outcome } from '../outcome.js';
import { uploadOutcome } from '../upload-transfer.js';

export function appe(context: CommandContext): Promise<Outcome> {
  // RFC 3659 §5.3: REST is for the command right behind it, and has no meaning here.
  context.session.takeRestart();
  return uploadOutcome(context, () => ({ kind: 'append' }));
}
