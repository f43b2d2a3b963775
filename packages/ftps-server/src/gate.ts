// What stands before every command: TLS, a login, a permission, an argument. Nothing of the command has happened by then.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandRow, SubcommandRow } from './command-row.js';
import { outcome, type Outcome } from './outcome.js';
import { allows, type NeededPermission, type Permission } from './permissions.js';
import type { Session } from './session.js';

const DENIALS: Readonly<Record<Permission, string>> = {
  read: 'read files',
  write: 'write files',
  delete: 'remove anything',
  rename: 'rename anything',
  list: 'see what is there',
  makeDirectories: 'make directories',
};

/** Why a command is refused. Order matters: in clear nobody learns whether they would be allowed to. */
export function commandRefusal(row: CommandRow, argument: string, session: Session): Outcome | undefined {
  if (row.security === 'tls' && session.security !== 'protected') {
    return outcome(ReplyCode.NotLoggedIn, 'Please AUTH TLS first.');
  }
  if (row.login && session.login.state !== 'logged-in') {
    return outcome(ReplyCode.NotLoggedIn, 'Please log in with USER and PASS.');
  }
  return subcommandRefusal(row, argument, session);
}

/** Why a subcommand is refused whose command was let through. */
export function subcommandRefusal(row: SubcommandRow, argument: string, session: Session): Outcome | undefined {
  if (row.permission !== undefined && !allows(session.account, row.permission)) return denial(row.permission);
  if (row.argument === 'required' && argument === '') {
    return outcome(ReplyCode.ArgumentSyntaxError, `An argument is missing: ${row.help}`);
  }
  if (row.argument === 'none' && argument !== '') {
    return outcome(ReplyCode.ArgumentSyntaxError, `This command takes no argument: ${row.help}`);
  }
  return undefined;
}

/** What is told to who lacks a permission. */
export function denial(needed: NeededPermission): Outcome {
  const [first] = typeof needed === 'string' ? [needed] : needed;
  return outcome(ReplyCode.FileUnavailable, `Permission denied: this account may not ${DENIALS[first ?? 'read']}.`);
}
