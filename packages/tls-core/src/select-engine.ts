// How a TLS engine is chosen.
import type { EngineName, TlsEngine } from './engine.js';
import { ConfigError } from './errors.js';
import { nodeEngine } from './node/node-engine.js';

/** `auto` takes the best engine that this machine has. */
export type EngineChoice = 'auto' | EngineName;

/** Best first. */
const ENGINES: readonly TlsEngine[] = [nodeEngine];

/**
 * The engine to use. The environment variable `FTPS_TLS_ENGINE` overrides `auto`, for tests.
 * Throws `ConfigError` where the named engine does not exist here.
 */
export function selectEngine(choice: EngineChoice = 'auto'): TlsEngine {
  const override = process.env['FTPS_TLS_ENGINE'];
  const wanted = choice === 'auto' && override !== undefined && override !== '' ? override : choice;
  const engine = wanted === 'auto' ? ENGINES[0] : ENGINES.find(({ name }) => name === wanted);
  if (engine === undefined) {
    throw new ConfigError(
      `no TLS engine '${wanted}' here; there are auto, ${ENGINES.map(({ name }) => name).join(', ')}`,
    );
  }
  return engine;
}
