// Options on data connections: what they must prove, and where they come in.
import { isIP } from 'node:net';
import { ConfigError, type Endpoint } from '@ftps-kit/tls-core';
import { flag, knownKeys, oneOf, portNumber } from '@ftps-kit/tls-core/internal';

/** What a data connection must prove. `require` is the default; `allow` records the verdict; `off` does not look. */
export type BindingPolicy = 'require' | 'allow' | 'off';

/** How the server connects to clients (PORT, EPRT). */
export interface ActiveModeOptions {
  /** The port that data connections come from; RFC 959 §5.2 has 20, which needs a privilege. Default 0: any. */
  readonly sourcePort?: number | undefined;
}

export interface DataConnectionTopic {
  /** What data connections must prove. Default `require`. */
  readonly binding?: BindingPolicy | undefined;
  /** First and last port for data connections. Default: any free port. */
  readonly passivePorts?: readonly [first: number, last: number] | undefined;
  /** IPv4 address to name in PASV, where clients see another one than this machine does. Default: the one they connected to. */
  readonly publicAddress?: string | ((client: Endpoint) => string) | undefined;
  /**
   * Whether only the control connection's peer may come to a passive port. Default true. Without it whoever is first at
   * the port is taken: only for clients whose data connections have another address, and with `binding: 'require'`.
   */
  readonly sameAddress?: boolean | undefined;
  /** Whether PORT and EPRT are taken; only for the client's own address and ports above 1023. Default false. */
  readonly active?: boolean | ActiveModeOptions | undefined;
}

export interface DataConnectionSettings {
  readonly binding: BindingPolicy;
  readonly passivePorts: readonly [first: number, last: number] | undefined;
  readonly publicAddress: (client: Endpoint) => string | undefined;
  readonly sameAddress: boolean;
  /** Undefined: PORT and EPRT are refused. */
  readonly active: Required<{ readonly [K in keyof ActiveModeOptions]: NonNullable<ActiveModeOptions[K]> }> | undefined;
}

export const DATA_CONNECTION_KEYS = [
  'binding',
  'passivePorts',
  'publicAddress',
  'sameAddress',
  'active',
] as const satisfies readonly (keyof DataConnectionTopic)[];

export function parseDataConnectionTopic(options: DataConnectionTopic): DataConnectionSettings {
  const { publicAddress } = options;
  return {
    binding: oneOf('binding', options.binding ?? 'require', ['require', 'allow', 'off']),
    passivePorts: options.passivePorts && parsePorts(options.passivePorts),
    publicAddress: typeof publicAddress === 'function' ? publicAddress : fixedAddress(publicAddress),
    sameAddress: flag('sameAddress', options.sameAddress ?? true),
    active: parseActive(options.active ?? false),
  };
}

function parsePorts([first, last]: readonly [number, number]): readonly [number, number] {
  portNumber('passivePorts', first, 1);
  portNumber('passivePorts', last, 1);
  if (first > last) throw new ConfigError(`passivePorts: ${first} is greater than ${last}`);
  return [first, last];
}

function parseActive(active: boolean | ActiveModeOptions): DataConnectionSettings['active'] {
  if (active === false) return undefined;
  const options = active === true ? {} : active;
  knownKeys('active', options, ['sourcePort']);
  return { sourcePort: portNumber('active.sourcePort', options.sourcePort ?? 0, 0) };
}

function fixedAddress(address: string | undefined): () => string | undefined {
  if (address !== undefined && isIP(address) !== 4) {
    throw new ConfigError(`publicAddress: '${address}' is not an IPv4 address, which is all that PASV can name`);
  }
  return () => address;
}
