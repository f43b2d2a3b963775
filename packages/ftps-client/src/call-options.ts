// What calls take besides what they are about.
import type { HashAlgorithm } from './files/hash-algorithm.js';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with `AbortedError`. The client stays usable where the server comes back into step. */
  readonly signal?: AbortSignal | undefined;
}

/** For calls about folders. */
export interface TreeOptions extends CallOptions {
  /** Also what is around the folder, or in it. Default false. */
  readonly recursive?: boolean | undefined;
}

/** For `hash`. */
export interface HashOptions extends CallOptions {
  /** Default: the best that the server has, SHA-256 before all others. */
  readonly algorithm?: HashAlgorithm | undefined;
}
