// What uploads under way may come to be: for each path the most that its file can have when all of them are over.
import { FileSystemError } from './errors.js';

/** One upload under way. */
export interface Claim {
  /** Undefined once the file has no name any more: what is written to it then takes no room that stays. */
  path: string | undefined;
  /** Written into the file itself, so that the file takes it along where it is renamed. */
  readonly inPlace: boolean;
  /** Where the file would end if this upload was the last. */
  endBytes: number;
}

/**
 * The size of each file with uploads under way, and the claims of those. Several uploads of one path claim together the
 * greatest of their sizes: in the end one of them is the file.
 */
export class UploadClaims {
  readonly #claims = new Set<Claim>();
  readonly #sizes = new Map<string, number>();

  /** What the files would have beyond their sizes of now. */
  get extraBytes(): number {
    return extraOf(this.#claims, this.#sizes);
  }

  get isEmpty(): boolean {
    return this.#claims.size === 0;
  }

  /** The size of a file with claims, as it was when it last changed as a whole. */
  sizeOf(path: string): number | undefined {
    return this.#sizes.get(path);
  }

  add(claim: Claim, sizeBytes: number): void {
    if (claim.path !== undefined && !this.#sizes.has(claim.path)) this.#sizes.set(claim.path, sizeBytes);
    this.#claims.add(claim);
  }

  /** Takes the claim away; the file has this size now. Gives how much it has grown. */
  settle(claim: Claim, sizeBytes: number): number {
    this.#claims.delete(claim);
    const { path } = claim;
    if (path === undefined) return 0;
    const before = this.#sizes.get(path) ?? 0;
    if (this.#hasClaims(path)) this.#sizes.set(path, sizeBytes);
    else this.#sizes.delete(path);
    return sizeBytes - before;
  }

  /** A file lost its name. */
  removed(path: string): void {
    this.#apply(removal(path));
  }

  /** A file or directory has another name; a file that had it lost it. */
  renamed(from: string, to: string, sizeBytes: number): void {
    this.#apply(renaming(from, to, sizeBytes));
  }

  /** What `extraBytes` would be behind such a renaming. */
  extraAfterRenaming(from: string, to: string, sizeBytes: number): number {
    const claims = [...this.#claims].map((claim) => ({ ...claim }));
    const sizes = new Map(this.#sizes);
    renaming(from, to, sizeBytes)(claims, sizes);
    return extraOf(claims, sizes);
  }

  #apply(change: Change): void {
    change([...this.#claims], this.#sizes);
    for (const path of [...this.#sizes.keys()]) if (!this.#hasClaims(path)) this.#sizes.delete(path);
  }

  #hasClaims(path: string): boolean {
    return [...this.#claims].some((claim) => claim.path === path);
  }
}

type Change = (claims: readonly Claim[], sizes: Map<string, number>) => void;

function removal(path: string): Change {
  return (claims, sizes) => {
    for (const claim of claims) if (claim.path === path && claim.inPlace) claim.path = undefined;
    if (sizes.has(path)) sizes.set(path, 0);
  };
}

/** What is written in place moves with its file; what replaces a file does so under the name it was begun with. */
function renaming(from: string, to: string, sizeBytes: number): Change {
  return (claims, sizes) => {
    removal(to)(claims, sizes);
    if (sizes.has(to)) sizes.set(to, sizeBytes);
    for (const claim of claims) {
      const moved = claim.path === undefined ? undefined : pathBehind(claim.path, from, to);
      if (moved === undefined || claim.path === undefined || !claim.inPlace) continue;
      sizes.set(moved, sizes.get(claim.path) ?? 0);
      claim.path = moved;
    }
    for (const path of [...sizes.keys()]) if (pathBehind(path, from, to) !== undefined) sizes.set(path, 0);
  };
}

/** The path that `path` has when `from` is renamed to `to`; undefined where it stays. */
function pathBehind(path: string, from: string, to: string): string | undefined {
  if (path === from) return to;
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined;
}

function extraOf(claims: Iterable<Claim>, sizes: ReadonlyMap<string, number>): number {
  const ends = new Map<string, number>();
  for (const { path, endBytes } of claims) {
    if (path !== undefined) ends.set(path, Math.max(ends.get(path) ?? 0, endBytes));
  }
  let extra = 0;
  for (const [path, end] of ends) extra += Math.max(0, end - (sizes.get(path) ?? 0));
  return extra;
}

/** The refusal of what would be too much. */
export function overQuota(quotaBytes: number): FileSystemError {
  return new FileSystemError('over-quota', `the quota of ${quotaBytes} bytes would be exceeded`);
}
