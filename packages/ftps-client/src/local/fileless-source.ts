// What all sources that are no local file have in common: no time, no name to be known again by, and nobody who changes them.
import type { SourceReading, UploadSource } from './upload-source.js';

export abstract class FilelessSource implements UploadSource {
  readonly modifiedAt = undefined;
  readonly identity = undefined;
  readonly totalBytes: number | undefined = undefined;
  readonly canOpenAnywhere: boolean = true;

  get canOpen(): boolean {
    return this.canOpenAnywhere;
  }

  isUnchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  isFoundAgain(): Promise<boolean> {
    return Promise.resolve(true);
  }

  abstract open(start: number): Promise<SourceReading>;

  close(): Promise<void> {
    return Promise.resolve();
  }
}
