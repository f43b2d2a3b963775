// What the server logs through: pino, or anything with its methods.

/** A line of a structured log: what happened as data, and for people. */
export type LogMethod = (fields: object, message: string) => void;

/** The part of pino's logger that the server uses; `console` has it too. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** Makes a logger whose lines all have these fields. Asked once, for `component: 'ftps-server'`. */
  readonly child?: ((bindings: Readonly<Record<string, unknown>>) => Logger) | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
