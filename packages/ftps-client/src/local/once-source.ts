// Uploads from what gives its bytes once: a stream at hand, a pipe, a terminal.
import { FilelessSource } from './fileless-source.js';
import type { IterableReading } from './iterable-reading.js';
import type { SourceReading } from './upload-source.js';

export class OnceSource extends FilelessSource {
  override readonly canOpenAnywhere = false;
  readonly #reading: IterableReading;

  constructor(reading: IterableReading) {
    super();
    this.#reading = reading;
  }

  /** As long as nothing was taken from it. */
  override get canOpen(): boolean {
    return this.#reading.isUntouched;
  }

  /** A reading that can be given up without ending the stream, until something is taken. */
  open(): Promise<SourceReading> {
    return Promise.resolve({
      next: () => this.#reading.next(),
      close: () => (this.#reading.isUntouched ? Promise.resolve() : this.#reading.close()),
    });
  }

  override close(reason?: unknown): Promise<void> {
    return this.#reading.close(reason);
  }
}
