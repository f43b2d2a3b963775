// SITE HELP: the same as HELP SITE (RFC 959 §4.1.3).
import type { CommandContext } from '../command-row.js';
import type { Outcome } from '../outcome.js';
import { help } from './help.js';

export function siteHelp(context: CommandContext): Outcome {
  return help({ ...context, argument: `SITE ${context.argument}`.trimEnd() });
}
