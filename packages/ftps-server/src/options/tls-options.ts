// Options on TLS: the engine, and what it shows, speaks and asks for.
import {
  ConfigError,
  ServerIdentity,
  parseServerPolicy,
  selectEngine,
  type EngineChoice,
  type IdentityOptions,
  type ServerPolicy,
  type ServerTlsOptions,
  type TlsEngine,
} from '@ftps-kit/tls-core';
import { requireObject } from '@ftps-kit/tls-core/internal';

/** A certificate with its key: checked already, or as PEM. */
export type IdentityInput = ServerIdentity | IdentityOptions;

/** TLS options; the certificate and key may be given as PEM. */
export type TlsOptions = Omit<ServerTlsOptions, 'identities'> &
  (IdentityOptions | { readonly identities: readonly ServerIdentity[] });

export interface TlsTopic {
  readonly tls: TlsOptions;
  /** Default `auto`. */
  readonly engine?: EngineChoice | TlsEngine | undefined;
}

export interface TlsSettings {
  readonly engine: TlsEngine;
  readonly policy: ServerPolicy;
}

export const TLS_KEYS = ['tls', 'engine'] as const satisfies readonly (keyof TlsTopic)[];

export function parseTlsTopic({ tls, engine }: TlsTopic): TlsSettings {
  return { engine: selectEngine(engine), policy: parsePolicy(tls) };
}

function parsePolicy(options: TlsOptions): ServerPolicy {
  requireObject('tls', options);
  if ('identities' in options) return parseServerPolicy(options);
  const { cert, key, passphrase, ...rest } = options;
  return parseServerPolicy({ ...rest, identities: [new ServerIdentity({ cert, key, passphrase })] });
}

/** Checks each. Throws `ConfigError` where one is wrong, or none is given. */
export function parseIdentities(
  input: IdentityInput | readonly IdentityInput[],
): [ServerIdentity, ...ServerIdentity[]] {
  const [first, ...others] = isList(input) ? input : [input];
  if (first === undefined) throw new ConfigError('tls.identities: a server needs a certificate and its key');
  return [parseIdentity(first), ...others.map(parseIdentity)];
}

function parseIdentity(input: IdentityInput): ServerIdentity {
  return input instanceof ServerIdentity ? input : new ServerIdentity(input);
}

function isList(input: IdentityInput | readonly IdentityInput[]): input is readonly IdentityInput[] {
  return Array.isArray(input);
}
