// Commands whose argument begins with the name of another one: SITE and OPTS.
import type { CommandContext, SubcommandTable } from './command-row.js';
import { subcommandRefusal } from './gate.js';
import type { Outcome } from './outcome.js';

/** Does the subcommand that the argument names; gives `unknown` where the table has none of that name. */
export function doSubcommand(
  context: CommandContext,
  table: SubcommandTable,
  unknown: Outcome,
): Outcome | Promise<Outcome> {
  const [first = ''] = context.argument.split(' ', 1);
  const name = first.toUpperCase();
  const argument = context.argument.slice(first.length + 1);
  const row = table.get(name);
  if (row === undefined) return unknown;
  const refusal = subcommandRefusal(row, argument, context.session);
  return refusal ?? row.handle({ ...context, verb: `${context.verb} ${name}`, argument });
}
