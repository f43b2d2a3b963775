// What calls take besides what they are about.
import { flag, knownKeys, optionalSignal, optionalText } from '@ftps-kit/tls-core/internal';
import type { HashAlgorithm } from './files/hash-algorithm.js';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with `AbortedError`. The client stays usable where the server comes back into step. */
  readonly signal?: AbortSignal | undefined;
}

const CALL_KEYS: readonly string[] = ['signal'] satisfies (keyof CallOptions)[];

/** Throws `ConfigError` for options that are none, or are not among `known`, and for a signal that is none. */
export function checkCallOptions(options: CallOptions, known = CALL_KEYS): void {
  knownKeys('', options, known);
  optionalSignal('signal', options.signal);
}

/** For calls about folders. */
export interface TreeOptions extends CallOptions {
  /** Also what is around the folder, or in it. Default false. */
  readonly recursive?: boolean | undefined;
}

/** Throws `ConfigError`. What removes a tree is asked for by `true`, and by nothing that is as good as true. */
export function parseTreeOptions(options: TreeOptions): { readonly recursive: boolean; readonly rest: CallOptions } {
  checkCallOptions(options, ['signal', 'recursive'] satisfies (keyof TreeOptions)[]);
  const { recursive = false, signal } = options;
  return { recursive: flag('recursive', recursive), rest: { signal } };
}

/** For `hash`. */
export interface HashOptions extends CallOptions {
  /** Default: the best that the server has, SHA-256 before all others. */
  readonly algorithm?: HashAlgorithm | undefined;
}

/** Throws `ConfigError`. */
export function parseHashOptions(options: HashOptions): {
  readonly algorithm: HashAlgorithm | undefined;
  readonly rest: CallOptions;
} {
  checkCallOptions(options, ['signal', 'algorithm'] satisfies (keyof HashOptions)[]);
  const { algorithm, signal } = options;
  optionalText('algorithm', algorithm);
  return { algorithm, rest: { signal } };
}
