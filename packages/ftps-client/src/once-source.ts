// Uploads from what gives its bytes once: a stream at hand, a pipe, a terminal.
import type { IterableReading } from './iterable-reading.js';
import type { SourceReading, UploadSource } from './upload-source.js';

export class OnceSource implements UploadSource {
  readonly modifiedAt = undefined;
  readonly identity = undefined;
  readonly totalBytes = undefined;
  readonly canOpenAnywhere = false;
  readonly #reading: IterableReading;

  constructor(reading: IterableReading) {
    this.#reading = reading;
  }

  /** As long as nothing was taken from it. */
  get canOpen(): boolean {
    return this.#reading.isUntouched;
  }

  isUnchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** A reading that can be given up without ending the stream, until something is taken. */
  open(): Promise<SourceReading> {
    return Promise.resolve({
      next: () => this.#reading.next(),
      close: () => (this.#reading.isUntouched ? Promise.resolve() : this.#reading.close()),
    });
  }

  close(): Promise<void> {
    return this.#reading.close();
  }
}
