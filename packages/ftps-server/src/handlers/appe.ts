// APPE (RFC 959 §4.1.3): bytes behind those of a file that is there, or a new file.
import type { CommandContext } from '../command-row.js';
import type { Outcome } from '../outcome.js';
import { storeFrom } from './stor.js';

export function appe(context: CommandContext): Promise<Outcome> {
  // RFC 3659 §5.3: "If APPE (append) is permitted, it MUST act identically to STOR when a restart marker has been set."
  return storeFrom(context, { kind: 'append' });
}
