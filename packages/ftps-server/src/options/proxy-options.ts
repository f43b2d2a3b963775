// Options on the PROXY protocol: whose word on the client's address is taken.
import { ConfigError } from '@ftps-kit/tls-core';
import { knownKeys, oneOf } from '@ftps-kit/tls-core/internal';
import { AddressList } from '../address-list.js';

/** How data connections reach a server whose control connections come through a proxy. */
export type ProxiedDataConnections = 'direct' | 'relayed';

export interface ProxyProtocolOptions {
  /**
   * Addresses and networks in CIDR form of the proxies. On an address that is `proxied`, each of them has to begin every
   * control connection with a header, and nobody else may connect.
   */
  readonly trusted: readonly string[];
  /**
   * `direct`: clients connect to the passive ports themselves, from the address that the header named. `relayed`: their data
   * connections come through the proxy too, without a header; then any of the proxies may open one, and only the TLS
   * binding tells clients apart. Default `direct`.
   */
  readonly dataConnections?: ProxiedDataConnections | undefined;
}

export interface ProxyTopic {
  /** Take the client's address from the PROXY protocol, version 1 or 2. Default: no proxy. */
  readonly proxyProtocol?: ProxyProtocolOptions | undefined;
}

export interface ProxyProtocolSettings {
  readonly trusted: AddressList;
  readonly dataConnections: ProxiedDataConnections;
}

export interface ProxySettings {
  readonly proxyProtocol: ProxyProtocolSettings | undefined;
}

export const PROXY_KEYS = ['proxyProtocol'] as const satisfies readonly (keyof ProxyTopic)[];

export function parseProxyTopic({ proxyProtocol }: ProxyTopic): ProxySettings {
  if (proxyProtocol === undefined) return { proxyProtocol };
  knownKeys('proxyProtocol', proxyProtocol, ['trusted', 'dataConnections']);
  const { trusted, dataConnections = 'direct' } = proxyProtocol;
  if (!Array.isArray(trusted) || trusted.length === 0) {
    throw new ConfigError('proxyProtocol.trusted: name the addresses of your proxies, such as 10.0.0.0/8');
  }
  return {
    proxyProtocol: {
      trusted: new AddressList('proxyProtocol.trusted', trusted),
      dataConnections: oneOf('proxyProtocol.dataConnections', dataConnections, ['direct', 'relayed']),
    },
  };
}
