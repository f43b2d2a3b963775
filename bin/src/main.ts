// The `ftps` command: its commands, its help, and where arguments that make no sense end.
import { createRequire } from 'node:module';
import { selectEngine } from '@ftps-kit/tls-core';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
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
/** In the order of the help. To load the server takes longer than a small transfer does, and few commands need it. */
const loaders = new Map<string, (parser: Argv) => Promise<Argv>>([
  ['get', async (parser) => parser.command((await import('./commands/get.js')).getCommand)],
  ['put', async (parser) => parser.command((await import('./commands/put.js')).putCommand)],
  ['ls', async (parser) => parser.command((await import('./commands/ls.js')).lsCommand)],
  ['serve', async (parser) => parser.command((await import('./commands/serve.js')).serveCommand)],
  ['passwd', async (parser) => parser.command((await import('./commands/passwd.js')).passwdCommand)],
  ['demo', async (parser) => parser.command((await import('./commands/demo.js')).demoCommand)],
]);
const named = args.find((arg) => loaders.has(arg));
// What does not come first may be the value of a flag.
const only = loaders.get(args[0] ?? '');

const parser = yargs(markOperands(args))
  .scriptName('ftps')
  // What we say ourselves is in English too.
  .locale('en')
  // A flag that may be given several times takes one value each time: what follows is an operand.
  .parserConfiguration({ 'greedy-arrays': false })
  .middleware(unmarkOperands, true)
  .usage('$0 <command>: FTP over TLS, each data connection bound to its login')
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
  });
for (const load of only === undefined ? loaders.values() : [only]) await load(parser);
await parser.parseAsync();

/** The parser's words, in the form of our own messages. */
function usageProblem(message = 'wrong usage'): string {
  if (message.startsWith('Not enough non-option arguments')) return 'an argument is missing';
  const [, unknown] = /^Unknown arguments?: ([^,]*)/.exec(message) ?? [];
  if (named === undefined && unknown !== undefined && unknown === args[0]) return `there is no command ${unknown}`;
  const [, flag, given, choices] = /Argument: (.*?), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (flag !== undefined) return `--${flag}: takes one of ${choices ?? ''}, not ${given ?? ''}`;
  return message.charAt(0).toLowerCase() + message.slice(1);
}
