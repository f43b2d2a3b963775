// The `ftps` command: its commands, its help, and where arguments that make no sense end.
import { createRequire } from 'node:module';
import { selectEngine } from '@ftps-kit/tls-core';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { demoCommand } from './commands/demo.js';
import { getCommand } from './commands/get.js';
import { lsCommand } from './commands/ls.js';
import { putCommand } from './commands/put.js';
import { serveCommand } from './commands/serve.js';
import { EXIT_CODE_HELP, ExitCode } from './exit-codes.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// Whoever reads our output may have enough of it, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await yargs(hideBin(process.argv))
  .scriptName('ftps')
  .usage('$0 <command>: FTP over TLS, each data connection bound to its login')
  .command(getCommand)
  .command(putCommand)
  .command(lsCommand)
  .command(serveCommand)
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
    process.stderr.write(`ftps: ${message ?? error?.message ?? 'wrong usage'}\nsee: ftps --help\n`);
    process.exit(ExitCode.Usage);
  })
  .parseAsync();
