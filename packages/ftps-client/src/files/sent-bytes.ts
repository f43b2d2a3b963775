// How far an upload has come over all its attempts: what was read of its source, and what was sent of that.
import { LocalFileError } from '../errors.js';
import { StreamHash, type HashAlgorithm } from './hash-algorithm.js';

/** One reading of the source, from where an attempt goes on. */
export interface SourcePass {
  /** The next of its bytes, which are about to be sent. Throws `LocalFileError` where they are too many. */
  take(chunk: Uint8Array): void;
  /**
   * The source has ended, and the data connection has not: behind that the server takes what it has for the file. Throws
   * `LocalFileError` where that is not all. `announced` is how many bytes the file was to have, as far as that is known;
   * with `mayBeMore` the source said so itself, and there may be more.
   */
  mustBeWhole(announced: number | undefined, mayBeMore: boolean): void;
}

export class SentBytes {
  #hash: StreamHash | undefined;
  #end = 0;
  /** How far the source was read in any attempt: it has as many bytes, whatever a later reading of it says. */
  #readTo = 0;
  #hasBegun = false;

  /** Where in the file the bytes of any attempt ended. */
  get end(): number {
    return this.#end;
  }

  /** Whether any byte was sent. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Of what was sent; undefined unless `hashBy` asked for it. */
  get hash(): StreamHash | undefined {
    return this.#hash;
  }

  hashBy(algorithm: HashAlgorithm): void {
    this.#hash = new StreamHash(algorithm);
  }

  /** The source has other bytes now, and perhaps fewer. */
  sourceChanged(): void {
    this.#readTo = 0;
  }

  /** Nothing of it counts any more: all goes again. */
  startOver(): void {
    this.#hash?.restart();
    this.#end = 0;
  }

  /** No more than `most` bytes of the file are taken: a source that goes on for ever would fill the server's disk. */
  from(offset: number, most = Infinity): SourcePass {
    let at = offset;
    return {
      take: (chunk) => {
        if (at + chunk.length > most) throw unlikeAnnounced(`the source has more than ${most} bytes`);
        this.#hasBegun = true;
        this.#hash?.update(chunk, at);
        at += chunk.length;
        this.#end = Math.max(this.#end, at);
        this.#readTo = Math.max(this.#readTo, at);
      },
      mustBeWhole: (announced, mayBeMore) => {
        if (at < this.#readTo) {
          throw unlikeAnnounced(`the source ended after ${at} bytes, though ${this.#readTo} were read of it before`);
        }
        this.#end = at;
        if (announced === undefined || at === announced || (mayBeMore && at > announced)) return;
        throw unlikeAnnounced(`the source ended after ${at} bytes, and not after ${announced}`);
      },
    };
  }
}

function unlikeAnnounced(message: string): LocalFileError {
  return new LocalFileError(message, undefined);
}
