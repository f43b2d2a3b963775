// What one login has to work with; every call and every transfer is given it.
import type { Timeouts } from '../client-options.js';
import type { ControlConnection } from '../control/control-connection.js';
import type { DataConnections } from '../transfer/data-connection.js';
import type { HeldDataConnection } from '../transfer/held-data-connection.js';
import type { KeepAliveContext } from '../transfer/transfer-keep-alive.js';
import type { Features } from './features.js';
import type { ServerTimeZone } from './server-time-zone.js';
import type { ServerTraits } from './server-traits.js';

export interface LoginContext extends KeepAliveContext {
  readonly control: ControlConnection;
  readonly data: DataConnections;
  /** What was asked for ahead of the next transfer. */
  readonly ahead: HeldDataConnection;
  readonly features: Features;
  readonly timeouts: Timeouts;
  readonly onNotResumed: 'allow' | 'fail';
  /** That LIST writes its times in; `learn`: to be found out; undefined: not to be guessed. */
  readonly serverTimeZone: ServerTimeZone | 'learn' | undefined;
  /** What is known of the server; kept beyond this login. */
  readonly traits: ServerTraits;
}
