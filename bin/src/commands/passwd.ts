// `ftps passwd`: the users that `ftps serve --users` lets in.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '@ftps-kit/ftps-client';
import { deleteUser, hashPassword, setUser, type UserFields } from '@ftps-kit/ftps-server';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { parseByteSize } from '../byte-size.js';
import { outputFlags } from '../flags.js';
import { chosenPassword } from '../new-password.js';
import { folderOf, ratesOf } from '../served-accounts.js';
import { defaultUsersFile } from '../state-folder.js';
import { runCommand, type CommandTools } from './command.js';

const { json, quiet, verbose } = outputFlags;

const passwdFlags = {
  'password-file': { type: 'string', requiresArg: true, describe: 'file whose first line is the new password' },
  'keep-password': { type: 'boolean', default: false, describe: 'change only what the other flags say' },
  root: { type: 'string', requiresArg: true, describe: 'folder that the user sees as /' },
  'read-only': { type: 'boolean', describe: 'the user can change nothing; --no-read-only takes it back' },
  quota: { type: 'string', requiresArg: true, describe: 'bytes of all files of the user, such as 10G' },
  'limit-rate': { type: 'string', requiresArg: true, describe: 'bytes a second each way, such as 5M' },
  'allow-from': {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'address or network that the user may come from; may be given several times',
  },
  disabled: { type: 'boolean', describe: 'the user cannot log in; --no-disabled takes it back' },
  delete: { type: 'boolean', default: false, describe: 'remove the user' },
  ...{ json, quiet, verbose },
} as const satisfies Record<string, Options>;

type PasswdArguments = InferredOptionTypes<typeof passwdFlags> & {
  readonly name: string;
  readonly file?: string | undefined;
};

export const passwdCommand: CommandModule<object, PasswdArguments> = {
  command: 'passwd [file] <name>',
  describe: 'add or change a user of a users file',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', describe: `the users file. Default: ${defaultUsersFile()}` })
      .positional('name', { type: 'string', demandOption: true, describe: 'whom to add or change' })
      .options(passwdFlags),
  handler: (flags) => runCommand(flags, (tools) => passwd(flags, tools)),
};

async function passwd(flags: ArgumentsCamelCase<PasswdArguments>, { report }: CommandTools): Promise<void> {
  // yargs gives the first operand to the one that must be there.
  const [file, name] = flags.file === undefined ? [defaultUsersFile(), flags.name] : [flags.name, flags.file];
  // Users without a root see the folder that is served, whichever that is.
  const options = { defaultRoot: '/' };
  if (flags.delete) {
    await deleteUser(file, name, options);
    report.say({ event: 'user', name, file, done: 'deleted' }, `${name}: deleted from ${file}`);
    return;
  }
  const fields = await fieldsOf(flags);
  const password = flags.keepPassword ? undefined : await hashPassword(await chosenPassword(name, flags.passwordFile));
  if (flags.file === undefined) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const done = await setUser(file, name, { ...(password !== undefined && { password }), ...fields }, options);
  report.say({ event: 'user', name, file, done }, `${name}: ${done} in ${file}`);
}

/** What the flags say, checked before anybody is asked for a password. */
async function fieldsOf(flags: ArgumentsCamelCase<PasswdArguments>): Promise<Partial<UserFields>> {
  if (flags.keepPassword && flags.passwordFile !== undefined) {
    throw new ConfigError('--keep-password: does not go together with --password-file');
  }
  return {
    root: flags.root === undefined ? undefined : await folderOf(flags.root),
    readOnly: flags.readOnly,
    quotaBytes: flags.quota === undefined ? undefined : parseByteSize('--quota', flags.quota),
    rates: flags.limitRate === undefined ? undefined : ratesOf(flags.limitRate),
    allowedAddresses: flags.allowFrom,
    disabled: flags.disabled,
  };
}
