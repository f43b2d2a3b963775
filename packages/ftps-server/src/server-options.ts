// The options of a server: checked, defaulted and frozen, once.
import { isIP } from 'node:net';
import {
  ConfigError,
  ServerIdentity,
  parseServerPolicy,
  selectEngine,
  type Endpoint,
  type EngineChoice,
  type IdentityOptions,
  type ServerPolicy,
  type ServerTlsOptions,
  type TlsEngine,
} from '@ftps-kit/tls-core';
import type { Authenticate } from './accounts.js';
import type { ControlMode } from './events.js';
import { DEFAULT_LIMITS, MAX_TIMER_MS, type ServerLimits } from './limits.js';

/** What a data connection must prove. `require` is the default; `allow` records the verdict; `off` does not look. */
export type BindingPolicy = 'require' | 'allow' | 'off';

/** One address to listen on. */
export interface ListenOptions {
  /** Default 127.0.0.1: being reachable from elsewhere is a decision. */
  readonly host?: string | undefined;
  /** Default 0: any free port; the `listening` event says which. */
  readonly port?: number | undefined;
  /** Default `explicit`. */
  readonly mode?: ControlMode | undefined;
}

/** TLS options; the certificate and key may be given as PEM. */
export type TlsOptions = Omit<ServerTlsOptions, 'identities'> &
  (IdentityOptions | { readonly identities: readonly ServerIdentity[] });

/** Options of `createFtpsServer`. */
export interface FtpsServerOptions {
  readonly tls: TlsOptions;
  readonly authenticate: Authenticate;
  /** One address or several. Default: one free port on 127.0.0.1. */
  readonly listen?: ListenOptions | readonly ListenOptions[] | undefined;
  /** What data connections must prove. Default `require`. */
  readonly binding?: BindingPolicy | undefined;
  /** Default `auto`. */
  readonly engine?: EngineChoice | TlsEngine | undefined;
  /** First and last port for data connections. Default: any free port. */
  readonly passivePorts?: readonly [first: number, last: number] | undefined;
  /** IPv4 address to name in PASV, where clients see another one than this machine does. Default: the one they connected to. */
  readonly publicAddress?: string | ((client: Endpoint) => string) | undefined;
  /** Text of the 220 reply. Default: names ftps-kit, and no version. */
  readonly greeting?: string | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
}

/** The parsed options. */
export interface ServerSettings {
  readonly engine: TlsEngine;
  readonly policy: ServerPolicy;
  readonly authenticate: Authenticate;
  readonly listen: readonly Required<{ readonly [K in keyof ListenOptions]: NonNullable<ListenOptions[K]> }>[];
  readonly binding: BindingPolicy;
  readonly passivePorts: readonly [first: number, last: number] | undefined;
  readonly publicAddress: (client: Endpoint) => string | undefined;
  readonly greeting: string;
  readonly limits: ServerLimits;
}

const KEYS = [
  'tls',
  'authenticate',
  'listen',
  'binding',
  'engine',
  'passivePorts',
  'publicAddress',
  'greeting',
  'limits',
] as const satisfies readonly (keyof FtpsServerOptions)[];

/** Throws `ConfigError` that names the wrong field. */
export function parseServerOptions(options: FtpsServerOptions): ServerSettings {
  knownKeys('', options, KEYS);
  const { publicAddress } = options;
  return Object.freeze<ServerSettings>({
    engine: typeof options.engine === 'object' ? options.engine : selectEngine(options.engine),
    policy: parseTls(options.tls),
    authenticate: parseAuthenticate(options.authenticate),
    listen: parseListen(options.listen),
    binding: parseBinding(options.binding ?? 'require'),
    passivePorts: options.passivePorts && parsePorts(options.passivePorts),
    publicAddress: typeof publicAddress === 'function' ? publicAddress : fixedAddress(publicAddress),
    greeting: options.greeting ?? 'ftps-kit ready.',
    limits: parseLimits(options.limits ?? {}),
  });
}

function parseTls(options: TlsOptions): ServerPolicy {
  if ('identities' in options) return parseServerPolicy(options);
  const { cert, key, passphrase, ...rest } = options;
  return parseServerPolicy({ ...rest, identities: [new ServerIdentity({ cert, key, passphrase })] });
}

function parseListen(options: FtpsServerOptions['listen']): ServerSettings['listen'] {
  const list = options === undefined ? [{}] : isList(options) ? options : [options];
  if (list.length === 0) throw new ConfigError('listen: is empty; name at least one address');
  return list.map((one) => {
    knownKeys('listen.', one, ['host', 'port', 'mode']);
    return {
      host: one.host ?? '127.0.0.1',
      port: port('listen.port', one.port ?? 0, 0),
      mode: parseMode(one.mode ?? 'explicit'),
    };
  });
}

function isList(options: ListenOptions | readonly ListenOptions[]): options is readonly ListenOptions[] {
  return Array.isArray(options);
}

function parseAuthenticate(value: unknown): Authenticate {
  if (typeof value === 'function') return value as Authenticate;
  throw new ConfigError('authenticate: is not a function; fixedAccounts() makes one of a list');
}

function parseMode(value: string): ControlMode {
  if (value === 'explicit' || value === 'implicit') return value;
  throw new ConfigError(`listen.mode: '${value}' is not one of explicit, implicit`);
}

function parseBinding(value: string): BindingPolicy {
  if (value === 'require' || value === 'allow' || value === 'off') return value;
  throw new ConfigError(`binding: '${value}' is not one of require, allow, off`);
}

function parsePorts([first, last]: readonly [number, number]): readonly [number, number] {
  port('passivePorts', first, 1);
  port('passivePorts', last, 1);
  if (first > last) throw new ConfigError(`passivePorts: ${first} is greater than ${last}`);
  return [first, last];
}

function fixedAddress(address: string | undefined): () => string | undefined {
  if (address !== undefined && isIP(address) !== 4) {
    throw new ConfigError(`publicAddress: '${address}' is not an IPv4 address, which is all that PASV can name`);
  }
  return () => address;
}

function parseLimits(limits: Partial<ServerLimits>): ServerLimits {
  knownKeys('limits.', limits, Object.keys(DEFAULT_LIMITS));
  const parsed = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(parsed)) {
    if (!Number.isInteger(value) || value < 1 || value > MAX_TIMER_MS) {
      throw new ConfigError(`limits.${name}: ${value} is not a whole number from 1 to ${MAX_TIMER_MS}`);
    }
  }
  return Object.freeze(parsed);
}

function port(field: string, value: number, min: number): number {
  if (!Number.isInteger(value) || value < min || value > 65_535) {
    throw new ConfigError(`${field}: ${value} is not a port`);
  }
  return value;
}

function knownKeys(prefix: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ConfigError(`${prefix}${key}: no such option; there are ${known.join(', ')}`);
    }
  }
}
