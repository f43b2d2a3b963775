// Options on where the server listens and how it greets.
import { ConfigError } from '@ftps-kit/tls-core';
import { flag, knownKeys, oneOf, optionalText, portNumber } from '@ftps-kit/tls-core/internal';
import type { ControlMode } from '../events.js';
import type { ProxyTopic } from './proxy-options.js';

/** One address to listen on. */
export interface ListenOptions {
  /** Default 127.0.0.1: being reachable from elsewhere is a decision. */
  readonly host?: string | undefined;
  /** Default 0: any free port; the `listening` event says which. */
  readonly port?: number | undefined;
  /** Default `explicit`. */
  readonly mode?: ControlMode | undefined;
  /** Whether connections come through a proxy that sends the PROXY protocol. Default: true where `proxyProtocol` is given. */
  readonly proxied?: boolean | undefined;
}

export interface ListenTopic {
  /** One address or several. Default: one free port on 127.0.0.1. */
  readonly listen?: ListenOptions | readonly ListenOptions[] | undefined;
  /** Text of the 220 reply. Default: names ftps-kit, and no version. */
  readonly greeting?: string | undefined;
}

/** One address, defaulted. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly mode: ControlMode;
  readonly proxied: boolean;
}

export interface ListenSettings {
  readonly listen: readonly ListenAddress[];
  readonly greeting: string;
}

export const LISTEN_KEYS = ['listen', 'greeting'] as const satisfies readonly (keyof ListenTopic)[];

export function parseListenTopic({ listen, greeting, proxyProtocol }: ListenTopic & ProxyTopic): ListenSettings {
  const list = listen === undefined ? [{}] : isList(listen) ? listen : [listen];
  if (list.length === 0) throw new ConfigError('listen: is empty; name at least one address');
  return {
    listen: list.map((one) => parseAddress(one, proxyProtocol !== undefined)),
    greeting: optionalText('greeting', greeting) ?? 'ftps-kit ready.',
  };
}

function isList(options: ListenOptions | readonly ListenOptions[]): options is readonly ListenOptions[] {
  return Array.isArray(options);
}

function parseAddress(one: ListenOptions, hasProxy: boolean): ListenAddress {
  knownKeys('listen', one, ['host', 'port', 'mode', 'proxied']);
  const proxied = flag('listen.proxied', one.proxied ?? hasProxy);
  if (proxied && !hasProxy) throw new ConfigError('listen.proxied: needs proxyProtocol, which says whom to trust');
  return {
    host: optionalText('listen.host', one.host) ?? '127.0.0.1',
    port: portNumber('listen.port', one.port ?? 0, 0),
    mode: oneOf('listen.mode', one.mode ?? 'explicit', ['explicit', 'implicit']),
    proxied,
  };
}
