// Telling that a limit was met.
import { TimeoutError, type TimeoutPhase } from '@ftps-kit/tls-core';
import type { ServerContext } from './command-row.js';
import type { ConnectionInfo } from './events.js';
import type { LimitName } from './limits.js';

/** Tells it as the event `limit`. */
export function tellLimit(
  { events, settings }: Pick<ServerContext, 'events' | 'settings'>,
  { id, client }: ConnectionInfo,
  limit: LimitName,
  detail: string,
): void {
  events.emit('limit', { id, client, limit, value: settings.limits[limit], detail });
}

/** The limit behind each wait; a wait for a command has two, and its caller knows which one holds. */
const LIMIT_OF_PHASE: Readonly<Partial<Record<TimeoutPhase, LimitName>>> = {
  tls: 'tlsTimeoutMs',
  'data connection': 'dataConnectTimeoutMs',
  stall: 'stallTimeoutMs',
  reply: 'stallTimeoutMs',
  commit: 'commandTimeoutMs',
};

/** Tells of the limit that ended a wait with this error, if one did. */
export function tellTimeout(
  server: Pick<ServerContext, 'events' | 'settings'>,
  who: ConnectionInfo,
  error: unknown,
): void {
  const limit = error instanceof TimeoutError ? LIMIT_OF_PHASE[error.phase] : undefined;
  if (limit !== undefined && error instanceof TimeoutError) tellLimit(server, who, limit, error.message);
}
