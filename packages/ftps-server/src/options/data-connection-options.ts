// Options on data connections: what they must prove, and where they come in.
import { isIP } from 'node:net';
import { ConfigError, type Endpoint } from '@ftps-kit/tls-core';
import { oneOf, portNumber } from './option-check.js';

/** What a data connection must prove. `require` is the default; `allow` records the verdict; `off` does not look. */
export type BindingPolicy = 'require' | 'allow' | 'off';

export interface DataConnectionTopic {
  /** What data connections must prove. Default `require`. */
  readonly binding?: BindingPolicy | undefined;
  /** First and last port for data connections. Default: any free port. */
  readonly passivePorts?: readonly [first: number, last: number] | undefined;
  /** IPv4 address to name in PASV, where clients see another one than this machine does. Default: the one they connected to. */
  readonly publicAddress?: string | ((client: Endpoint) => string) | undefined;
}

export interface DataConnectionSettings {
  readonly binding: BindingPolicy;
  readonly passivePorts: readonly [first: number, last: number] | undefined;
  readonly publicAddress: (client: Endpoint) => string | undefined;
}

export const DATA_CONNECTION_KEYS = [
  'binding',
  'passivePorts',
  'publicAddress',
] as const satisfies readonly (keyof DataConnectionTopic)[];

export function parseDataConnectionTopic(options: DataConnectionTopic): DataConnectionSettings {
  const { publicAddress } = options;
  return {
    binding: oneOf('binding', options.binding ?? 'require', ['require', 'allow', 'off']),
    passivePorts: options.passivePorts && parsePorts(options.passivePorts),
    publicAddress: typeof publicAddress === 'function' ? publicAddress : fixedAddress(publicAddress),
  };
}

function parsePorts([first, last]: readonly [number, number]): readonly [number, number] {
  portNumber('passivePorts', first, 1);
  portNumber('passivePorts', last, 1);
  if (first > last) throw new ConfigError(`passivePorts: ${first} is greater than ${last}`);
  return [first, last];
}

function fixedAddress(address: string | undefined): () => string | undefined {
  if (address !== undefined && isIP(address) !== 4) {
    throw new ConfigError(`publicAddress: '${address}' is not an IPv4 address, which is all that PASV can name`);
  }
  return () => address;
}
