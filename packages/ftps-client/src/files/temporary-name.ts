// The hidden name that an upload has on the server until it is whole, and which upload of this process writes under it.
import { createHash, randomBytes } from 'node:crypto';
import { hiddenName } from '../local/hidden-name.js';
import type { ServerTraits } from '../login/server-traits.js';

/** Names that could be found again, and that uploads of this process write under now. */
const underWay = new WeakMap<ServerTraits, Set<string>>();

export class TemporaryName {
  readonly #realPath: string;
  #isFindable: boolean;
  #path: string;
  #release: (() => void) | undefined;

  /** With `isFindable` it is made of the source's `identity`, so that a later upload of it finds what is there; else of chance. */
  constructor(realPath: string, identity: string | undefined, isFindable: boolean) {
    this.#realPath = realPath;
    this.#isFindable = isFindable;
    this.#path = this.#madeOf(identity);
  }

  get path(): string {
    return this.#path;
  }

  /** Whether a later upload can find it. */
  get isFindable(): boolean {
    return this.#isFindable;
  }

  /** Whether a later upload of that source looks for its bytes here, or nobody does. */
  isFor(identity: string | undefined): boolean {
    return !this.#isFindable || this.#path === this.#madeOf(identity);
  }

  /** Takes that of another source, which is claimed as the one before was. */
  change(identity: string | undefined, traits: ServerTraits): void {
    this.#path = this.#madeOf(identity);
    this.release();
    this.claim(traits);
  }

  /**
   * Takes it for this upload alone. Two uploads of one source would add to one file behind each other's back, and one of them
   * could call it whole while the other goes on; so the second gets a name of chance, under which nothing is kept.
   */
  claim(traits: ServerTraits): void {
    if (!this.#isFindable || this.#release !== undefined) return;
    const names = underWay.get(traits) ?? new Set();
    underWay.set(traits, names);
    const path = this.#path;
    if (names.has(path)) {
      this.#isFindable = false;
      this.#path = hiddenPath(this.#realPath);
      return;
    }
    names.add(path);
    this.#release = () => {
      names.delete(path);
    };
  }

  /** Another upload may have it from here on. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #madeOf(identity: string | undefined): string {
    return this.#isFindable
      ? hiddenPath(this.#realPath, [this.#realPath, identity ?? ''].join('\0'))
      : hiddenPath(this.#realPath);
  }
}

/** A hidden path beside the real one, marked by a digest of `source`, or by chance. */
export function hiddenPath(realPath: string, source?: string): string {
  const slash = realPath.lastIndexOf('/') + 1;
  const mark =
    source === undefined
      ? randomBytes(6).toString('hex')
      : createHash('sha256').update(source).digest('hex').slice(0, 12);
  return realPath.slice(0, slash) + hiddenName(realPath.slice(slash), `${mark}.ftps-part`);
}
