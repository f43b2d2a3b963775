// One row of the command table, and what a handler gets to work with.
import type { ServerIdentity, TlsAcceptor } from '@ftps-kit/tls-core';
import type { AccountSessions } from './account-sessions.js';
import type { EventHub } from './event-hub.js';
import type { FileHashing } from './file-hashing.js';
import type { GentleClosings } from './gentle-close.js';
import type { LoginThrottle } from './login-throttle.js';
import type { Outcome } from './outcome.js';
import type { PassivePorts } from './passive-ports.js';
import type { NeededPermission } from './permissions.js';
import type { ServerSettings } from './server-options.js';
import type { ServerRates } from './server-rates.js';
import type { Session } from './session.js';

/** What all control connections of a server share. */
export interface ServerContext {
  readonly settings: ServerSettings;
  readonly acceptor: TlsAcceptor;
  /** What new control connections are shown. */
  readonly identities: () => readonly ServerIdentity[];
  readonly events: EventHub;
  readonly passivePorts: PassivePorts;
  /** Data connections that are being closed. */
  readonly closings: GentleClosings;
  /** Connections that found no room; counted apart, so that who has logged in takes no courtesy from them. */
  readonly turnedAway: GentleClosings;
  readonly accounts: AccountSessions;
  readonly throttle: LoginThrottle;
  readonly rates: ServerRates;
  readonly hashing: FileHashing;
}

/** What a handler gets. */
export interface CommandContext {
  /** What stood behind the verb; empty where nothing did. */
  readonly argument: string;
  readonly verb: string;
  readonly session: Session;
  readonly server: ServerContext;
  readonly table: CommandTable;
  /** Fires when the client wants no more of a transfer. */
  readonly aborted: AbortSignal;
  /** Sends a 1yz reply ahead of the final one. */
  preliminary(code: number, text: string): Promise<void>;
}

/** Does a command. What it throws is answered by the dispatcher: grammar, file system, and what nobody foresaw. */
export type Handler = (context: CommandContext) => Outcome | Promise<Outcome>;

/** What a command and a subcommand have in common. */
export interface SubcommandRow {
  readonly argument: 'none' | 'optional' | 'required';
  /** What the account must be allowed to; without it the reply is 550, whatever is there. */
  readonly permission?: NeededPermission;
  /** Its line in FEAT, where it has one of its own; a function gives undefined where the session cannot have it. */
  readonly feature?: string | ((context: CommandContext) => string | undefined);
  /** Its line in HELP: how it is written. */
  readonly help: string;
  /** Where it comes from. */
  readonly rfc: string;
  readonly handle: Handler;
}

/** Of a command whose argument begins with the name of another one: SITE, OPTS. */
export type SubcommandTable = ReadonlyMap<string, SubcommandRow>;

export interface CommandRow extends SubcommandRow {
  /** Whether somebody must be logged in. */
  readonly login: boolean;
  /** `tls`: not before AUTH TLS. Whatever needs a login needs TLS as well. */
  readonly security: 'any' | 'tls';
  /**
   * In the middle of a transfer: `aborts` ends it and is answered behind it, `overtakes` is answered at once; everything
   * else waits its turn, so that replies come in the order of their commands.
   */
  readonly duringTransfer?: 'aborts' | 'overtakes';
  /** Whether it may take long (moves bytes over a data connection, or hashes), so that ABOR is listened for meanwhile. */
  readonly transfers?: true;
  /** Whether it is given up when the client is gone; otherwise a data connection speaks for itself until it ends. */
  readonly endsWithClient?: true;
  /** What it is divided into; HELP and FEAT know of them. */
  readonly subcommands?: SubcommandTable;
}

export type CommandTable = ReadonlyMap<string, CommandRow>;
