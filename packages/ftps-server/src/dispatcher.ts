// From one line of the control connection to its final reply. Nothing that a client sends makes this throw.
import { GrammarError, ReplyCode, parseCommand, type FramedLine } from '@ftps-kit/ftp-protocol';
import { AbortedError, TimeoutError } from '@ftps-kit/tls-core';
import type { CommandRow, CommandTable, ServerContext } from './command-row.js';
import { withinCommandTime } from './command-time.js';
import { FileSystemError } from './errors.js';
import { fileSystemReply } from './file-system-reply.js';
import { isHttpRequest } from './foreign-protocol.js';
import { commandRefusal } from './gate.js';
import { tellLimit } from './limit-event.js';
import { outcome, type Outcome } from './outcome.js';
import { NoFreePortError } from './passive-ports.js';
import type { Session } from './session.js';

/** Sends a 1yz reply. */
export type Preliminary = (code: number, text: string) => Promise<void>;

const NEVER: AbortSignal = new AbortController().signal;

export class Dispatcher {
  readonly #server: ServerContext;
  readonly #session: Session;
  readonly #table: CommandTable;
  readonly #preliminary: Preliminary;

  constructor(server: ServerContext, session: Session, table: CommandTable, preliminary: Preliminary) {
    this.#server = server;
    this.#session = session;
    this.#table = table;
    this.#preliminary = preliminary;
  }

  /** The row of the command in `line`; undefined where it is none. */
  rowOf(line: FramedLine): CommandRow | undefined {
    if (line.kind === 'overlong') return undefined;
    try {
      return this.#table.get(parseCommand(line.bytes).verb);
    } catch {
      return undefined;
    }
  }

  /** Does the command in `line`; `aborted` ends the transfer that it may be. */
  async dispatch(line: FramedLine, aborted: AbortSignal = NEVER): Promise<Outcome> {
    if (line.kind === 'overlong') return this.#overlong(line.maxLineBytes);
    if (isHttpRequest(line)) return this.#foreign('an HTTP request came');
    try {
      const { verb, argument = '' } = parseCommand(line.bytes);
      const row = this.#table.get(verb);
      if (row === undefined) return outcome(ReplyCode.CommandNotImplemented, 'There is no such command.');
      const refusal = commandRefusal(row, argument, this.#session);
      if (refusal !== undefined) return refusal;
      if (verb !== 'RNTO') this.#session.renameFrom = undefined;
      const context = {
        ...{ argument, verb, aborted },
        session: this.#session,
        server: this.#server,
        table: this.#table,
        preliminary: this.#preliminary,
      };
      const handled = Promise.resolve(row.handle(context));
      return await withinCommandTime(this.#server, this.#session, handled);
    } catch (error) {
      return this.#replyTo(error);
    }
  }

  #overlong(maxLineBytes: number): Outcome {
    const detail = `a command of more than ${maxLineBytes} bytes came`;
    tellLimit(this.#server, this.#session, 'maxCommandBytes', detail);
    // Nothing before a login is that long: it is the first line of something else, and what is behind it as well.
    if (this.#session.login.state !== 'logged-in')
      return this.#foreign(`a line of more than ${maxLineBytes} bytes came`);
    return outcome(ReplyCode.CommandUnrecognized, `A command has at most ${maxLineBytes} bytes.`);
  }

  /** The connection ends before the next line is looked at. */
  #foreign(detail: string): Outcome {
    const { id, client } = this.#session;
    this.#server.events.emit('refusal', { id, client, reason: 'foreign-protocol', detail });
    return outcome(ReplyCode.ServiceNotAvailable, 'This is an FTP server; closing.', 'close');
  }

  #replyTo(error: unknown): Outcome {
    if (error instanceof GrammarError) return outcome(error.replyCode, sentence(error.message));
    if (error instanceof FileSystemError) return fileSystemReply(error);
    if (error instanceof NoFreePortError) {
      return outcome(ReplyCode.CannotOpenDataConnection, sentence(error.message));
    }
    if (error instanceof TimeoutError && error.phase === 'command') {
      return outcome(ReplyCode.ServiceNotAvailable, 'The command took too long; closing.', 'close');
    }
    if (error instanceof AbortedError) return outcome(ReplyCode.ServiceNotAvailable, 'The session has ended.', 'close');
    // A fault of ours or of the embedding program: the session lives on, and its inside stays inside.
    this.#server.events.fault('command', error, this.#session);
    return outcome(ReplyCode.LocalError, 'The server failed at this command.');
  }
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
