// Options on what the server writes down.
import { ConfigError } from '@ftps-kit/tls-core';
import type { Logger } from '../logger.js';

export interface LogTopic {
  /** Gets a structured line an event, in the way of pino. Default: none is written. */
  readonly logger?: Logger | undefined;
}

export interface LogSettings {
  readonly logger: Logger | undefined;
}

export const LOG_KEYS = ['logger'] as const satisfies readonly (keyof LogTopic)[];

const METHODS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly (keyof Logger)[];

export function parseLogTopic({ logger }: LogTopic): LogSettings {
  for (const method of METHODS) {
    if (logger !== undefined && typeof logger[method] !== 'function') {
      throw new ConfigError(`logger.${method}: is not a function; a pino logger has all of ${METHODS.join(', ')}`);
    }
  }
  return { logger: logger?.child?.({ component: 'ftps-server' }) ?? logger };
}
