// Which commands a caller may send by hand, and what they change for the client that sent them.
import { ConfigError } from '@ftps-kit/tls-core';
import { optionalText } from '@ftps-kit/tls-core/internal';
import { outgoing, type OutgoingCommand } from './outgoing-command.js';

/** Verbs that move data, or change what a client keeps track of. */
const KEPT_VERBS: readonly string[] = [
  ...['RETR', 'STOR', 'STOU', 'APPE', 'LIST', 'NLST', 'MLSD', 'PORT', 'EPRT', 'PASV', 'EPSV', 'ABOR', 'REST'],
  ...['AUTH', 'CCC', 'PBSZ', 'PROT', 'USER', 'PASS', 'ACCT', 'REIN', 'QUIT', 'TYPE', 'MODE', 'STRU', 'RANG'],
];

/** OPTS of these changes how names, listings and hashes read from then on. */
const KEPT_OPTIONS: readonly string[] = ['UTF8', 'UTF-8', 'MLST', 'HASH', 'MODE'];

/** Verbs after which the working folder is another one. */
const FOLDER_VERBS: readonly string[] = ['CWD', 'CDUP', 'XCWD', 'XCUP', 'SMNT'];

/** Throws `ConfigError` for a verb that is not for sending by hand. */
export function rawCommand(verb: string, argument: string | undefined): OutgoingCommand {
  if (typeof verb !== 'string') throw new ConfigError('raw: give the verb as a string');
  optionalText('raw: argument', argument);
  const [option = ''] = (argument ?? '').trimStart().split(/[ =]/);
  const isKeptOption = verb.toUpperCase() === 'OPTS' && KEPT_OPTIONS.includes(option.toUpperCase());
  if (isKeptOption || KEPT_VERBS.includes(verb.toUpperCase())) {
    throw new ConfigError(
      `raw: ${verb}${isKeptOption ? ` ${option}` : ''} is not for sending by hand; the client keeps track of it`,
    );
  }
  return outgoing(verb, argument);
}

/** Whether the working folder is another one where this succeeds. */
export function mayChangeFolder({ verb }: OutgoingCommand): boolean {
  return FOLDER_VERBS.includes(verb.toUpperCase());
}
