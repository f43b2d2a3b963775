// Kept tickets in a folder that nobody else may enter: a file each, so that taking one is one step, which one process wins.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlTicket, type Clock } from '@ftps-kit/tls-core';
import { LocalFileError } from '../errors.js';
import { MAX_KEPT_TICKETS, MAX_KEPT_TICKETS_PER_SERVER, MAX_KEPT_TICKET_BYTES, MAX_KEPT_TICKET_MS } from '../limits.js';
import { undefinedIfMissing } from '../local/system-code.js';

/** The server's key, when its time is over (milliseconds since the epoch), chance; `.tmp` until it is whole. */
const NAME = /^([0-9a-f]{64})-(\d{1,15})-[0-9a-f]{24}(\.tmp)?$/;

interface Kept {
  readonly name: string;
  readonly key: string;
  readonly expiresAt: number;
  readonly isWhole: boolean;
}

/** Every call rejects where the folder cannot be used, or others may enter it; nothing is written or believed then. */
export class TicketFolder {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** One ticket for this server, the one that lasts longest, or undefined. No call of any process gets it again. */
  async take(key: string): Promise<ControlTicket | undefined> {
    if (!(await this.#isThere())) return undefined;
    const kept = (await this.#unexpired()).filter((one) => one.isWhole && one.key === key).sort(lastsLonger);
    for (const { name } of kept) {
      const bytes = await this.#claim(name);
      const ticket = bytes === undefined ? undefined : ControlTicket.decode(bytes);
      if (ticket?.isFresh(this.#clock()) === true) return ticket;
    }
    return undefined;
  }

  /** Keeps tickets for this server. What is too much then, of this server's or of all, goes: what ends first. */
  async keep(key: string, tickets: readonly ControlTicket[]): Promise<void> {
    if (!(await this.#isThere())) {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      await this.#isThere();
    }
    for (const ticket of tickets) await this.#write(key, ticket);
    await this.#trim();
  }

  /** False where there is no folder. What a stranger put there would be believed; what lies open may be known to anybody. */
  async #isThere(): Promise<boolean> {
    const found = await lstat(this.#path).catch(undefinedIfMissing);
    if (found === undefined) return false;
    const fault = found.isDirectory() ? openness(found) : 'it is no folder';
    if (fault !== undefined) throw new LocalFileError(`cannot keep tickets in ${this.#path}: ${fault}`, this.#path);
    return true;
  }

  /** What is kept; what is over is removed, and so is what nobody can have kept so long. */
  async #unexpired(): Promise<readonly Kept[]> {
    const now = this.#clock();
    const kept: Kept[] = [];
    for (const name of await readdir(this.#path)) {
      const [, key, expires, temporary] = NAME.exec(name) ?? [];
      if (key === undefined || expires === undefined) continue;
      const expiresAt = Number(expires);
      if (expiresAt > now && expiresAt <= now + MAX_KEPT_TICKET_MS) {
        kept.push({ name, key, expiresAt, isWhole: temporary === undefined });
      } else await this.#remove(name);
    }
    return kept;
  }

  /** The bytes of a file, to the one who removed it. undefined for all others, and where it is not as it was written. */
  async #claim(name: string): Promise<Buffer | undefined> {
    // A link could lead to a file of somebody else, and a pipe would never answer. Windows has neither flag, which is 0 here.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(this.#path, name), flags).catch(() => undefined);
    try {
      const found = await file?.stat();
      const isWanted = found?.isFile() === true && openness(found) === undefined && found.size <= MAX_KEPT_TICKET_BYTES;
      const bytes = Buffer.alloc(isWanted ? found.size : 0);
      if (isWanted) await file?.read(bytes, 0, bytes.length, 0);
      return (await this.#remove(name)) && isWanted ? bytes : undefined;
    } finally {
      await file?.close();
    }
  }

  async #write(key: string, ticket: ControlTicket): Promise<void> {
    const bytes = ticket.encode();
    if (bytes.length > MAX_KEPT_TICKET_BYTES) return;
    const name = `${key}-${Math.floor(ticket.expiresAt)}-${randomBytes(12).toString('hex')}`;
    const temporary = join(this.#path, `${name}.tmp`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      // Another process may have found that there were too many.
      await rename(temporary, join(this.#path, name)).catch(undefinedIfMissing);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  async #trim(): Promise<void> {
    const ofServer = new Map<string, number>();
    let all = 0;
    for (const { name, key } of [...(await this.#unexpired())].sort(lastsLonger)) {
      const before = ofServer.get(key) ?? 0;
      if (before < MAX_KEPT_TICKETS_PER_SERVER && all < MAX_KEPT_TICKETS) {
        ofServer.set(key, before + 1);
        all++;
      } else await this.#remove(name);
    }
  }

  /** Whether it was this call that removed it. */
  async #remove(name: string): Promise<boolean> {
    return (await unlink(join(this.#path, name)).then(() => true, undefinedIfMissing)) ?? false;
  }
}

function lastsLonger(one: Kept, other: Kept): number {
  return other.expiresAt - one.expiresAt;
}

/** Why others could have to do with it; undefined where they could not. Windows has neither owners nor modes of this kind. */
function openness({ uid, mode }: Stats): string | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  if (uid !== own) return 'it belongs to somebody else';
  return (mode & 0o077) === 0 ? undefined : 'others may enter it; chmod 700 it';
}
