// What a download into a local file calls its bytes until they are whole: hidden names beside the target.
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RemoteFacts } from '../remote/remote-facts.js';
import { hiddenName } from './hidden-name.js';
import { removeUnlessWritten } from './part-file.js';

const KEPT = /^[0-9a-f]{16}\.ftps-part$/;

/** Short enough for every file system. */
export class PartNames {
  readonly #folder: string;
  readonly #name: string;

  constructor(target: string) {
    this.#folder = dirname(target);
    this.#name = basename(target);
  }

  /** For what no later download goes on with. */
  ofNone(): string {
    return this.#hidden(`${randomBytes(6).toString('hex')}.part`);
  }

  /** Found again by the download of the same unchanged file, and by no other: made of what the server tells of it. */
  of(remotePath: string, { sizeBytes, modifiedAt }: RemoteFacts): string {
    const facts = [remotePath, String(sizeBytes), String(modifiedAt?.getTime())].join('\0');
    return this.#kept(createHash('sha256').update(facts).digest('hex').slice(0, 16));
  }

  /** In the place of one that is taken. */
  ofChance(): string {
    return this.#kept(randomBytes(8).toString('hex'));
  }

  /** Removes what was kept of other versions of the file. What cannot be removed, as it is somebody else's, stays. */
  async removeKept(): Promise<void> {
    const prefix = basename(this.#hidden(''));
    const isKept = (name: string): boolean => name.startsWith(prefix) && KEPT.test(name.slice(prefix.length));
    const names = await readdir(this.#folder).catch(() => []);
    await Promise.all(names.filter(isKept).map((name) => removeUnlessWritten(join(this.#folder, name))));
  }

  #kept(digits: string): string {
    return this.#hidden(`${digits}.ftps-part`);
  }

  #hidden(ending: string): string {
    return join(this.#folder, hiddenName(this.#name, ending));
  }
}
