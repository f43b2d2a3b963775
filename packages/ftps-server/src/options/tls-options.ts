// Options on TLS: the engine, and what it shows, speaks and asks for.
import {
  ServerIdentity,
  parseServerPolicy,
  selectEngine,
  type EngineChoice,
  type IdentityOptions,
  type ServerPolicy,
  type ServerTlsOptions,
  type TlsEngine,
} from '@ftps-kit/tls-core';

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
  return { engine: typeof engine === 'object' ? engine : selectEngine(engine), policy: parsePolicy(tls) };
}

function parsePolicy(options: TlsOptions): ServerPolicy {
  if ('identities' in options) return parseServerPolicy(options);
  const { cert, key, passphrase, ...rest } = options;
  return parseServerPolicy({ ...rest, identities: [new ServerIdentity({ cert, key, passphrase })] });
}
