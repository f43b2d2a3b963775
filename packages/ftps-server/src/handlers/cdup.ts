// CDUP (RFC 959 §4.1.1): CWD to the parent.
import type { CommandContext } from '../command-row.js';
import type { Outcome } from '../outcome.js';
import { cwd } from './cwd.js';

export function cdup(context: CommandContext): Promise<Outcome> {
  return cwd({ ...context, argument: '..' });
}
