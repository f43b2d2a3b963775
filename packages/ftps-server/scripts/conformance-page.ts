// Makes docs/conformance.md from the command table: what the server knows, and what it leaves out.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { CommandRow, SubcommandRow } from '../src/command-row.js';
import { commandTable } from '../src/command-table.js';
import { leftOut } from './left-out.js';

const target = fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url));

/** The text of the page. */
export async function conformancePage(): Promise<string> {
  const text = [
    '# Conformance',
    'Made from the command table by `npm run docs:conformance`; a test holds the two together. `test/conformance/` has a file for each document, titled by its sections.',
    '## Commands',
    'Replies follow the document that is named. *In clear*: before AUTH TLS too; *TLS*: before a login; *login*: for who is logged in. A command without its permission is answered with 550.',
    table(
      ['command', 'from', 'taken', 'permission', 'in FEAT'],
      [...commandTable].map(([verb, row]) => [verb, row.rfc, stateOf(row), permissionOf(row), featureOf(row)]),
    ),
    ...[...commandTable].flatMap(([verb, { subcommands }]) =>
      subcommands === undefined
        ? []
        : [
            `### ${verb}`,
            table(
              ['command', 'from', 'permission', 'in FEAT'],
              [...subcommands.values()].map((row) => [code(row.help), row.rfc, permissionOf(row), featureOf(row)]),
            ),
          ],
    ),
    '## Left out',
    ...leftOut.flatMap(({ document, items }) => [
      `### ${document}`,
      items.length === 0 ? 'Nothing.' : table(['what', 'answer', 'why'], items),
    ]),
  ].join('\n\n');
  return format(text, { ...(await resolveConfig(target)), parser: 'markdown' });
}

function stateOf({ login, security }: CommandRow): string {
  if (login) return 'login';
  return security === 'tls' ? 'TLS' : 'in clear';
}

function permissionOf({ permission }: SubcommandRow): string {
  if (permission === undefined) return '';
  return typeof permission === 'string' ? permission : permission.join(' or ');
}

/** A line that depends on the session is one that the server's options or the account's file system decide on. */
function featureOf({ feature }: SubcommandRow): string {
  if (feature === undefined) return '';
  return typeof feature === 'string' ? feature : 'where it can be had';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(target, await conformancePage());
