// An engine that takes a cut for an end, as one of a user's own may.
import { TruncationError, type Closure, type TlsChannel, type TlsEngine } from '@ftps-kit/tls-core';
import { engineConnecting } from './connecting-engine.js';

/** The engine, but its client side lacks `secureClosure`: FIN without close_notify ends its connections too. */
export function blindEngine(engine: TlsEngine): TlsEngine {
  return {
    ...engineConnecting(engine, async (connector, ...how) => blind(await connector.connect(...how))),
    capabilities: { ...engine.capabilities, secureClosure: false },
  };
}

function blind(channel: TlsChannel): TlsChannel {
  let closure: Closure | undefined;
  const read = async (into: Uint8Array): Promise<number> => {
    const count = await channel.read(into).catch((error: unknown) => {
      if (error instanceof TruncationError) return 0;
      throw error;
    });
    if (count === 0) closure = 'unverified';
    return count;
  };
  return new Proxy(channel, {
    get: (target, key) => {
      if (key === 'read') return read;
      if (key === 'closure') return closure ?? target.closure;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
