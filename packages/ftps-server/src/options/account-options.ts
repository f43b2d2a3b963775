// Options on who may log in.
import { ConfigError } from '@ftps-kit/tls-core';
import type { Authenticate } from '../accounts.js';

export interface AccountTopic {
  readonly authenticate: Authenticate;
}

export interface AccountSettings {
  readonly authenticate: Authenticate;
}

export const ACCOUNT_KEYS = ['authenticate'] as const satisfies readonly (keyof AccountTopic)[];

export function parseAccountTopic({ authenticate }: AccountTopic): AccountSettings {
  return { authenticate: parseAuthenticate(authenticate) };
}

function parseAuthenticate(value: unknown): Authenticate {
  if (typeof value === 'function') return value as Authenticate;
  throw new ConfigError('authenticate: is not a function; fixedAccounts() makes one of a list');
}
