// How a TLS engine is chosen.
import type { EngineName, TlsEngine } from './engine.js';
import { ConfigError } from './errors.js';
import { nodeEngine } from './node/node-engine.js';
import { opensslEngine } from './openssl/openssl-engine.js';

/** `auto` is the openssl engine where its native binding loads, and the portable engine elsewhere. */
export type EngineChoice = 'auto' | EngineName;

let openssl: TlsEngine | ConfigError | undefined;

/** The engines of this machine. */
export function availableEngines(): readonly TlsEngine[] {
  const native = opensslOrWhyNot();
  return native instanceof ConfigError ? [nodeEngine] : [native, nodeEngine];
}

/**
 * The engine to use: one of the caller's own, or by its name. The environment variable `FTPS_TLS_ENGINE` overrides `auto`, for
 * tests. Throws `ConfigError` where the named engine does not exist here, and says why.
 */
export function selectEngine(choice: EngineChoice | TlsEngine = 'auto'): TlsEngine {
  if (typeof choice === 'object') return ownEngine(choice);
  const override = process.env['FTPS_TLS_ENGINE'];
  const wanted = choice === 'auto' && override !== undefined && override !== '' ? override : choice;
  if (wanted === 'node') return nodeEngine;
  if (wanted !== 'openssl' && wanted !== 'auto') {
    throw new ConfigError(`no TLS engine '${wanted}' here; there are auto, node and openssl`);
  }
  const native = opensslOrWhyNot();
  if (!(native instanceof ConfigError)) return native;
  if (wanted === 'openssl') throw native;
  return nodeEngine;
}

function ownEngine(engine: TlsEngine | null): TlsEngine {
  if (typeof engine?.connector === 'function' && typeof engine.acceptor === 'function') return engine;
  throw new ConfigError('engine: give auto, node, openssl, or a TlsEngine');
}

function opensslOrWhyNot(): TlsEngine | ConfigError {
  openssl ??= tryOpenssl();
  return openssl;
}

function tryOpenssl(): TlsEngine | ConfigError {
  try {
    return opensslEngine();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
