// What calls take besides what they are about.

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
