// The checks that all topics of the options share; each names the field that is wrong.
import { ConfigError } from '@ftps-kit/tls-core';

/** Throws `ConfigError` for a key of `options` that is not among `known`; `prefix` says where it stands. */
export function knownKeys(prefix: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ConfigError(`${prefix}${key}: no such option; there are ${known.join(', ')}`);
    }
  }
}

/** `value` as one of `allowed`. */
export function oneOf<T extends string>(field: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new ConfigError(`${field}: '${value}' is not one of ${allowed.join(', ')}`);
  return found;
}

/** `value` as a whole number from `min` to `max`. */
export function wholeNumber(field: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${field}: ${value} is not a whole number from ${min} to ${max}`);
}

/** `value` as a TCP port that is at least `min`. */
export function portNumber(field: string, value: number, min: 0 | 1): number {
  if (Number.isInteger(value) && value >= min && value <= 65_535) return value;
  throw new ConfigError(`${field}: ${value} is not a port`);
}

/** `value` as true or false. */
export function trueOrFalse(field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`${field}: is neither true nor false`);
}
