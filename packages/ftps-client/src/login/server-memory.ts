// What clients have learned about servers, by host and port: shared between clients, and kept in a file if asked.
import { resolve } from 'node:path';
import { systemClock, type Clock } from '@ftps-kit/tls-core';
import { localFailure } from '../errors.js';
import { MAX_REMEMBERED_SERVERS, PIN_LIFETIME_MS } from '../limits.js';
import { readPrivateJson, writePrivateJson } from '../local/private-file.js';
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
  /** When each pin was made, milliseconds since the epoch; the oldest falls out. */
  readonly #pins = new Map<string, number>();
  #loading: Promise<void> | undefined;

  constructor({ file, clock = systemClock }: ServerMemoryOptions = {}) {
    this.#file = file;
    this.#clock = clock;
  }

  /** What is known of this server; to be changed by whoever learns more. */
  traitsOf(host: string, port: number): ServerTraits {
    const key = keyOf(host, port);
    const traits = this.#traits.get(key) ?? new ServerTraits(this.#clock);
    this.#traits.delete(key);
    this.#traits.set(key, traits);
    dropOldest(this.#traits);
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
  async pin(host: string, port: number): Promise<void> {
    this.#add(keyOf(host, port), this.#clock());
    const file = this.#file;
    if (file !== undefined) await oneByOne(file, () => this.#save(file));
  }

  /** Takes the pin back. Rejects with `LocalFileError` where the file cannot be written; it is taken back even so. */
  async unpin(host: string, port: number): Promise<void> {
    const key = keyOf(host, port);
    this.#pins.delete(key);
    const file = this.#file;
    if (file !== undefined) await oneByOne(file, () => this.#save(file, key));
  }

  #add(key: string, at: number): void {
    this.#pins.delete(key);
    this.#pins.set(key, at);
    dropOldest(this.#pins);
  }

  /** Once, whoever asks; what was pinned meanwhile stays. A failure is tried again by the next. */
  #load(file: string): Promise<void> {
    this.#loading ??= this.#read(file).then(
      (pins) => {
        for (const [key, at] of pins) if (at > (this.#pins.get(key) ?? -Infinity)) this.#add(key, at);
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }

  async #read(file: string): Promise<Map<string, number>> {
    try {
      return pinsIn(await readPrivateJson(file));
    } catch (error) {
      throw localFailure(`cannot read ${file}`, file, error);
    }
  }

  /** What other processes wrote meanwhile stays, as far as it is fresh. */
  async #save(file: string, without?: string): Promise<void> {
    const kept = [...(await this.#read(file)), ...this.#pins];
    const pins = new Map(kept.filter(([key, at]) => key !== without && this.#isFresh(at)));
    dropOldest(pins);
    try {
      await writePrivateJson(file, { version: 1, tls12: Object.fromEntries(pins) });
    } catch (error) {
      throw localFailure(`cannot write ${file}`, file, error);
    }
  }

  #isFresh(pinnedAt: number): boolean {
    const age = this.#clock() - pinnedAt;
    return age >= 0 && age < PIN_LIFETIME_MS;
  }
}

/** The last writing of each file. Several memories of one process may share one. */
const writing = new Map<string, Promise<void>>();

/** Between reading a file and writing it again, nobody else of this process does the same. */
async function oneByOne(file: string, save: () => Promise<void>): Promise<void> {
  const path = resolve(file);
  const saved = (writing.get(path) ?? Promise.resolve()).then(save);
  const last = saved.catch(() => undefined);
  writing.set(path, last);
  try {
    await saved;
  } finally {
    if (writing.get(path) === last) writing.delete(path);
  }
}

function keyOf(host: string, port: number): string {
  return `${host.toLowerCase()}:${port}`;
}

function dropOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MAX_REMEMBERED_SERVERS) return;
    map.delete(key);
  }
}

function pinsIn(value: unknown): Map<string, number> {
  const pins = new Map<string, number>();
  const entries = typeof value === 'object' && value !== null && 'tls12' in value ? value.tls12 : undefined;
  if (typeof entries !== 'object' || entries === null) return pins;
  for (const [key, at] of Object.entries(entries)) if (typeof at === 'number') pins.set(key, at);
  dropOldest(pins);
  return pins;
}
