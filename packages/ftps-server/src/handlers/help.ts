// HELP (RFC 959 §4.1.3): the command table, for people.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext, SubcommandRow } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function help({ argument, table }: CommandContext): Outcome {
  if (argument === '') return outcome(ReplyCode.HelpMessage, ['Commands:', ...columns(table.keys()), 'End']);
  const [verb = '', name = ''] = argument.toUpperCase().split(' ');
  const row = table.get(verb);
  if (row === undefined) return outcome(ReplyCode.CommandNotImplemented, 'There is no such command.');
  if (row.subcommands === undefined) return lineOf(row);
  if (name !== '') {
    const subcommand = row.subcommands.get(name);
    return subcommand === undefined
      ? outcome(ReplyCode.CommandNotImplemented, `There is no such ${verb} command.`)
      : lineOf(subcommand);
  }
  const lines = [...row.subcommands.values()].map((one) => ` ${one.help}`);
  return outcome(ReplyCode.HelpMessage, [`${row.help} (${row.rfc})`, ...lines, 'End']);
}

function lineOf({ help: usage, rfc }: SubcommandRow): Outcome {
  return outcome(ReplyCode.HelpMessage, `${usage} (${rfc})`);
}

/** Words in lines of some 60 characters. */
function columns(words: Iterable<string>): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 60) lines.push(` ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
