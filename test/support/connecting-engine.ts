// An engine whose client side makes its connections in another way, for tests that have to come in between.
import type { SocketChannel, TlsChannel, TlsConnector, TlsConnectOptions, TlsEngine } from '@ftps-kit/tls-core';

/** How one connection is made; `connector` makes it as the engine does. */
export type Connect = (
  connector: TlsConnector,
  transport: SocketChannel,
  options: TlsConnectOptions,
) => Promise<TlsChannel>;

/** The engine, but its connectors connect by `connect`. */
export function engineConnecting(engine: TlsEngine, connect: Connect): TlsEngine {
  return {
    ...engine,
    connector: (policy) => {
      const connector = engine.connector(policy);
      return {
        policy,
        newBinding: (options) => connector.newBinding(options),
        connect: (transport, options) => connect(connector, transport, options),
      };
    },
  };
}
