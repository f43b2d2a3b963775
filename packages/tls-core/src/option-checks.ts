// What is asked of any option, whatever it means: JavaScript callers have no compiler to tell them. Each check gives the value
// that it was given, or throws a `ConfigError` that names the option and what is right.
import { ConfigError } from './errors.js';

/** The longest that a timer of Node waits, milliseconds; a longer time would be over at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export function requireObject(option: string, value: object): void {
  if (typeof value === 'object' && (value as unknown) !== null) return;
  throw new ConfigError(`${option}: give an object, not ${shown(value)}`);
}

/**
 * Refuses what is no object, and keys that mean nothing: a misspelt option must not be ignored. `where` is the option that holds
 * `options`, '' where they are the outermost ones.
 */
export function knownKeys(where: string, options: object, known: readonly string[]): void {
  requireObject(where === '' ? 'options' : where, options);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new ConfigError(`${where === '' ? '' : `${where}.`}${key}: no such option; there are ${known.join(', ')}`);
  }
}

export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new ConfigError(`${option}: ${shown(value)} is not one of ${allowed.join(', ')}`);
  return found;
}

export function wholeNumber(option: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} on` : `${min} to ${max}`;
  throw new ConfigError(`${option}: ${shown(value)} is not a whole number from ${range}`);
}

/** A TCP port. `min` is 0 where any free one will do. */
export function portNumber(option: string, value: number, min: 0 | 1): number {
  if (Number.isInteger(value) && value >= min && value <= 65_535) return value;
  throw new ConfigError(`${option}: ${shown(value)} is not a port`);
}

/** A time that a timer can wait, milliseconds. */
export function waitingTime(option: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS) return value;
  throw new ConfigError(`${option}: ${shown(value)} is not a time in milliseconds`);
}

export function flag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`${option}: ${shown(value)} is neither true nor false`);
}

/** A text, or undefined where none was given; a secret is not shown. */
export function optionalText(option: string, value: string | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new ConfigError(`${option}: give a string`);
}

export function textList(option: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
  throw new ConfigError(`${option}: give a list of strings`);
}

/** A function, or undefined where none was given. */
export function optionalFunction<F>(option: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw new ConfigError(`${option}: give a function, not ${shown(value)}`);
}

/** undefined where none was given. One of a library that has its own would not be heard: `AbortSignal.any` passes it over. */
export function optionalSignal(option: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new ConfigError(`${option}: give an AbortSignal of Node's own`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null;
  return isPlain ? String(value) : `a value of the type ${typeof value}`;
}
