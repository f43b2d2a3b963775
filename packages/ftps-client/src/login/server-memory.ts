// What clients have learned about servers, by host and port: shared between clients, and kept in a file if asked.
import { resolve } from 'node:path';
import { ConfigError, systemClock, type Clock } from '@ftps-kit/tls-core';
import { knownKeys, optionalFunction } from '@ftps-kit/tls-core/internal';
import { localFailure } from '../errors.js';
import { MAX_REMEMBERED_SERVERS, PIN_LIFETIME_MS } from '../limits.js';
import { readPrivateJson, writePrivateJson } from '../local/private-file.js';
import { dropOldest } from './bounded-map.js';
import { ServerTraits } from './server-traits.js';

export interface ServerMemoryOptions {
  /** Where pins are kept for the next process; none is kept without it. Anybody who may write here may pin TLS 1.2. */
  readonly file?: string | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Give one to several clients (`memory`), and what one of them finds out about a server is not tried by the next again:
 * that EPSV is not understood, that pipelining is minded, how names are spelled, that TLS 1.2 has to be pinned. A pin
 * lasts for 7 days; then TLS 1.3 gets another chance.
 */
export class ServerMemory {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  readonly #traits = new Map<string, ServerTraits>();
  /** When each pin was made, milliseconds since the epoch, as the file last had it, with what is unsaved; the oldest falls out. */
  #pins = new Map<string, number>();
  /** What was learned here and is not in the file yet: the last word about each server. */
  readonly #unsaved = new Map<string, Finding>();
  #loading: Promise<void> | undefined;

  /** Throws `ConfigError`. Reads nothing yet. */
  constructor(options: ServerMemoryOptions = {}) {
    knownKeys('memory', options, ['file', 'clock'] satisfies (keyof ServerMemoryOptions)[]);
    const { file, clock = systemClock } = options;
    if (file !== undefined && (typeof file !== 'string' || file === ''))
      throw new ConfigError('memory.file: name a file');
    optionalFunction('memory.clock', clock);
    this.#file = file;
    this.#clock = clock;
  }

  /** What is known of this server; to be changed by whoever learns more. */
  traitsOf(host: string, port: number): ServerTraits {
    const key = keyOf(host, port);
    const traits = this.#traits.get(key) ?? new ServerTraits(this.#clock);
    this.#traits.delete(key);
    this.#traits.set(key, traits);
    dropOldest(this.#traits, MAX_REMEMBERED_SERVERS);
    return traits;
  }

  /** Whether TLS 1.2 is pinned for this server. Rejects with `LocalFileError` where the file cannot be read. */
  async isPinned(host: string, port: number): Promise<boolean> {
    if (this.#file !== undefined) await this.#load(this.#file);
    const pinnedAt = this.#pins.get(keyOf(host, port));
    return pinnedAt !== undefined && this.#isFresh(pinnedAt);
  }

  /**
   * Pins TLS 1.2 for this server. Rejects with `LocalFileError` where the file cannot be written; it is pinned even so. Of two
   * processes that write the file at the same moment, one may lose its pin, and finds it out again.
   */
  pin(host: string, port: number): Promise<void> {
    return this.#learn(keyOf(host, port), { isPinned: true, at: this.#clock() });
  }

  /** Takes the pin back. Rejects with `LocalFileError` where the file cannot be written; it is taken back even so. */
  unpin(host: string, port: number): Promise<void> {
    return this.#learn(keyOf(host, port), { isPinned: false, at: this.#clock() });
  }

  async #learn(key: string, finding: Finding): Promise<void> {
    this.#apply(finding, this.#pins, key);
    const file = this.#file;
    if (file === undefined) return;
    this.#unsaved.delete(key);
    this.#unsaved.set(key, finding);
    dropOldest(this.#unsaved, MAX_REMEMBERED_SERVERS);
    await oneByOne(file, () => this.#save(file));
  }

  /** Once, whoever asks; what was learned meanwhile stays. A failure is tried again by the next. */
  #load(file: string): Promise<void> {
    const load = async (): Promise<void> => {
      try {
        this.#pins = this.#withUnsaved(await readPins(file));
      } catch (error) {
        this.#loading = undefined;
        throw error;
      }
    };
    this.#loading ??= oneByOne(file, load);
    return this.#loading;
  }

  /** Nothing but what was learned here is changed: others have set pins and taken them back since the file was last read. */
  async #save(file: string): Promise<void> {
    const saving = [...this.#unsaved];
    if (saving.length === 0) return;
    const pins = this.#withUnsaved(await readPins(file));
    try {
      await writePrivateJson(file, { version: 1, tls12: Object.fromEntries(pins) });
    } catch (error) {
      throw localFailure(`cannot write ${file}`, file, error);
    }
    for (const [key, finding] of saving) if (this.#unsaved.get(key) === finding) this.#unsaved.delete(key);
    this.#pins = this.#withUnsaved(pins);
  }

  /** Those of `pins` that are fresh, and what is not in the file yet. */
  #withUnsaved(pins: ReadonlyMap<string, number>): Map<string, number> {
    const fresh = new Map([...pins].filter(([, at]) => this.#isFresh(at)));
    for (const [key, finding] of this.#unsaved) this.#apply(finding, fresh, key);
    return fresh;
  }

  /** What is newer in `pins` stays. */
  #apply({ isPinned, at }: Finding, pins: Map<string, number>, key: string): void {
    const known = pins.get(key);
    if (known !== undefined && known > at && this.#isFresh(known)) return;
    pins.delete(key);
    if (isPinned) pins.set(key, at);
    dropOldest(pins, MAX_REMEMBERED_SERVERS);
  }

  #isFresh(pinnedAt: number): boolean {
    const age = this.#clock() - pinnedAt;
    return age >= 0 && age < PIN_LIFETIME_MS;
  }
}

/** What was learned about a server, and when, milliseconds since the epoch. */
interface Finding {
  readonly isPinned: boolean;
  readonly at: number;
}

/** The last use of each file. Several memories of one process may share one. */
const using = new Map<string, Promise<void>>();

/** Between reading a file and writing it again, nobody else of this process does the same. */
async function oneByOne(file: string, use: () => Promise<void>): Promise<void> {
  const path = resolve(file);
  const used = (using.get(path) ?? Promise.resolve()).then(use);
  const last = used.catch(() => undefined);
  using.set(path, last);
  try {
    await used;
  } finally {
    if (using.get(path) === last) using.delete(path);
  }
}

/** Rejects with `LocalFileError`. */
async function readPins(file: string): Promise<Map<string, number>> {
  try {
    return pinsIn(await readPrivateJson(file));
  } catch (error) {
    throw localFailure(`cannot read ${file}`, file, error);
  }
}

function keyOf(host: string, port: number): string {
  return `${host.toLowerCase()}:${port}`;
}

function pinsIn(value: unknown): Map<string, number> {
  const pins = new Map<string, number>();
  const entries = typeof value === 'object' && value !== null && 'tls12' in value ? value.tls12 : undefined;
  if (typeof entries !== 'object' || entries === null) return pins;
  for (const [key, at] of Object.entries(entries)) if (typeof at === 'number') pins.set(key, at);
  dropOldest(pins, MAX_REMEMBERED_SERVERS);
  return pins;
}
