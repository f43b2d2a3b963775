// The `ftps` command: its commands, its help, and where arguments that make no sense end.
import { createRequire } from 'node:module';
import { selectEngine } from '@ftps-kit/tls-core';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { demoCommand } from './commands/demo.js';
import { getCommand } from './commands/get.js';
import { lsCommand } from './commands/ls.js';
import { passwdCommand } from './commands/passwd.js';
import { putCommand } from './commands/put.js';
import { serveCommand } from './commands/serve.js';
import { EXIT_CODE_HELP, ExitCode } from './exit-codes.js';
import { markOperands, unmarkOperands } from './operands.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// Whoever reads our output may have enough of it, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`ftps: cannot write standard output: ${error.message}\n`);
  process.exit(ExitCode.Usage);
});

const args = hideBin(process.argv);
const commands = [getCommand, putCommand, lsCommand, serveCommand, passwdCommand, demoCommand];
const names = commands.map(({ command }) => String(command).split(' ', 1)[0]);
const named = args.find((arg) => names.includes(arg));

await yargs(markOperands(args))
  .scriptName('ftps')
  // What we say ourselves is in English too.
  .locale('en')
  // A flag that may be given several times takes one value each time: what follows is an operand.
  .parserConfiguration({ 'greedy-arrays': false })
  .middleware(unmarkOperands, true)
  .usage('$0 <command>: FTP over TLS, each data connection bound to its login')
  .command(getCommand)
  .command(putCommand)
  .command(lsCommand)
  .command(serveCommand)
  .command(passwdCommand)
  .command(demoCommand)
  .demandCommand(1, 'name a command')
  .strict()
  .version(`${version}, TLS engine: ${selectEngine().description}`)
  .epilogue(
    [
      'A URL is [scheme://][user@]host[:port]/path; ftpes:// (the default) and ftp:// mean explicit TLS, ftps:// implicit TLS.',
      'The password comes from --password-file, FTPS_PASSWORD, ~/.netrc or a prompt.',
      '',
      'Exit codes:',
      ...EXIT_CODE_HELP.map((line) => `  ${line}`),
    ].join('\n'),
  )
  .wrap(Math.min(110, process.stdout.columns || 110))
  .fail((message: string | null, error: Error | undefined) => {
    const help = named === undefined ? 'ftps --help' : `ftps ${named} --help`;
    process.stderr.write(`ftps: ${usageProblem(message ?? error?.message)}\nsee: ${help}\n`);
    process.exit(ExitCode.Usage);
  })
  .parseAsync();

/** The parser's words, in the form of our own messages. */
function usageProblem(message = 'wrong usage'): string {
  if (message.startsWith('Not enough non-option arguments')) return 'an argument is missing';
  const [, unknown] = /^Unknown arguments?: ([^,]*)/.exec(message) ?? [];
  if (named === undefined && unknown !== undefined && unknown === args[0]) return `there is no command ${unknown}`;
  const [, flag, given, choices] = /Argument: (.*?), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (flag !== undefined) return `--${flag}: takes one of ${choices ?? ''}, not ${given ?? ''}`;
  return message.charAt(0).toLowerCase() + message.slice(1);
}
