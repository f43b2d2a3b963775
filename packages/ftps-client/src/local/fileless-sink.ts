// What all sinks that are no local file have in common: they hold nothing from earlier, and what they got has been passed on.
import type { TimesReport } from '../files/transfer-result.js';
import type { OpenSink } from './download-sink.js';

export abstract class FilelessSink implements OpenSink {
  readonly canRestart: boolean = false;
  readonly atFailure = 'passed-on';
  readonly holdsBy = 'nothing';

  begin(): Promise<number> {
    return Promise.resolve(0);
  }

  async *held(): AsyncGenerator<Uint8Array> {
    // It holds nothing from earlier.
  }

  restart(): Promise<void> {
    return Promise.reject(new Error('a stream cannot take back what it was given'));
  }

  abstract write(chunk: Uint8Array): Promise<void>;
  abstract commit(modifiedAt?: Date): Promise<TimesReport | undefined>;
  abstract discard(error: Error): Promise<undefined>;
}
