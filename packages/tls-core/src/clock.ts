// Where time comes from, so that logic never reads it by itself and tests can set it.

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** The system's clock. */
export const systemClock: Clock = () => Date.now();
