// A logger that keeps its lines, with the part of pino's interface that the server uses.
import type { Logger, LogMethod } from '@ftps-kit/ftps-server';

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

export class LineLogger implements Logger {
  readonly lines: LoggedLine[] = [];
  /** What every line fails with. */
  failure: Error | undefined;
  readonly debug = this.#method('debug');
  readonly info = this.#method('info');
  readonly warn = this.#method('warn');
  readonly error = this.#method('error');

  #method(level: string): LogMethod {
    return (fields, message) => {
      if (this.failure !== undefined) throw this.failure;
      this.lines.push({ level, message, fields });
    };
  }
}
