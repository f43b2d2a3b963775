// What the command says: for people on a terminal or in a pipe, or as one JSON object a line.
import { Chalk, type ChalkInstance } from 'chalk';
import { ConfigError, FtpsError, LocalFileError } from '@ftps-kit/ftps-client';
import { configMessage, localFileMessage } from './config-message.js';
import { exitCodeOf, type ExitCode } from './exit-codes.js';
import { jsonLine } from './json-line.js';
import { remedyOf } from './remedy.js';

/** How much is said, and in which form. */
export interface ReportFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** One thing that happened, for programs; `event` names it. */
export interface ReportedEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export class Report {
  readonly flags: ReportFlags;
  /** Colours for standard output, where it takes some. */
  readonly colours: ChalkInstance;
  readonly #errorColours: ChalkInstance;

  constructor(flags: ReportFlags) {
    this.flags = flags;
    this.colours = new Chalk(process.stdout.isTTY && !flags.json ? {} : { level: 0 });
    this.#errorColours = new Chalk(process.stderr.isTTY ? {} : { level: 0 });
  }

  /** A result: JSON with `--json`, the text otherwise; the text is left out with `--quiet`. */
  say(event: ReportedEvent, text: string): void {
    if (this.flags.json) process.stdout.write(`${jsonLine(event)}\n`);
    else if (!this.flags.quiet) process.stdout.write(`${text}\n`);
  }

  /** Something asked for, which `--quiet` does not silence: the lines of a listing. */
  answer(event: ReportedEvent, text: string): void {
    process.stdout.write(`${this.flags.json ? jsonLine(event) : text}\n`);
  }

  warn(message: string): void {
    if (!this.flags.quiet) process.stderr.write(`${this.#errorColours.yellow('ftps: warning:')} ${message}\n`);
  }

  /** Tells why the command failed, and gives the exit code. */
  fail(error: unknown): ExitCode {
    const exitCode = exitCodeOf(error);
    const message = messageOf(error);
    const remedy = remedyOf(error);
    if (this.flags.json) {
      const code = error instanceof FtpsError ? error.code : 'FTPS_ERR_UNKNOWN';
      process.stdout.write(`${jsonLine({ event: 'error', code, message, remedy, exitCode })}\n`);
    }
    process.stderr.write(`${this.#errorColours.red('ftps:')} ${message}${remedy === undefined ? '' : `; ${remedy}`}\n`);
    if (this.flags.verbose && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
    return exitCode;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return configMessage(error);
  if (error instanceof LocalFileError) return localFileMessage(error);
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}
