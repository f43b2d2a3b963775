// What is asked of any option, whatever it means: JavaScript callers have no compiler to tell them.
import { ConfigError } from '@ftps-kit/tls-core';

/** Refuses what is no object, keys that mean nothing (a misspelt option must not be ignored), and a signal that is none. */
export function knownKeys(options: object, prefix: string, known: readonly string[]): void {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new ConfigError(`${prefix === '' ? 'options' : prefix.slice(0, -1)}: give an object, not ${shown(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new ConfigError(`${prefix}${key}: no such option; there are ${known.join(', ')}`);
  }
  if ('signal' in options) checkSignal(options.signal);
}

/** Before it is listened to. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !isSignal(signal)) throw new ConfigError('signal: give an AbortSignal');
}

export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new ConfigError(`${option}: ${shown(value)} is not one of ${allowed.join(', ')}`);
  return found;
}

export function wholeNumber(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${option}: ${shown(value)} is not a whole number from ${min} to ${max}`);
}

/** A text, or undefined where none was given; a secret is not shown. */
export function optionalText(option: string, value: string | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new ConfigError(`${option}: give a string`);
}

export function flag(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`${option}: ${shown(value)} is neither true nor false`);
}

/** One of Node, or of a library that has its own. */
function isSignal(value: unknown): boolean {
  if (value instanceof AbortSignal) return true;
  const has = (name: string): boolean => typeof value === 'object' && value !== null && name in value;
  return has('aborted') && has('addEventListener') && has('removeEventListener');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null;
  return isPlain ? String(value) : `a value of the type ${typeof value}`;
}
