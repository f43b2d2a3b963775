// An engine that does what a thief would: present another login's tickets on its own data connections.
import type { ClientBinding, TlsConnector, TlsEngine } from '@ftps-kit/tls-core';

/** An engine that also tells which binding the control connection got. */
export interface WatchedEngine {
  readonly engine: TlsEngine;
  /** The binding of the newest control connection. */
  binding(): ClientBinding;
}

/** `engine`, with its client bindings in sight. */
export function watched(engine: TlsEngine): WatchedEngine {
  let newest: ClientBinding | undefined;
  return {
    engine: withConnector(engine, (connector) => ({
      policy: connector.policy,
      newBinding: (options) => (newest = connector.newBinding(options)),
      connect: (transport, options) => connector.connect(transport, options),
    })),
    binding: () => {
      if (newest === undefined) throw new Error('no control connection yet');
      return newest;
    },
  };
}

/** `engine`, whose data connections present the tickets of `victim` instead of their own. */
export function thieving(engine: TlsEngine, victim: ClientBinding): TlsEngine {
  return withConnector(engine, (connector) => ({
    policy: connector.policy,
    newBinding: (options) => connector.newBinding(options),
    connect: (transport, options) =>
      connector.connect(transport, options.role === 'data' ? { ...options, binding: victim } : options),
  }));
}

function withConnector(engine: TlsEngine, wrap: (connector: TlsConnector) => TlsConnector): TlsEngine {
  return {
    name: engine.name,
    description: engine.description,
    capabilities: engine.capabilities,
    acceptor: (policy) => engine.acceptor(policy),
    connector: (policy) => wrap(engine.connector(policy)),
  };
}
