// Downloads into streams: Node's, the Web's, and those that a function opens.
import { finished, type Writable } from 'node:stream';
import type { WritableStream, WritableStreamDefaultWriter } from 'node:stream/web';
import { ConfigError } from '@ftps-kit/tls-core';
import { TransferError, callersFailure } from '../errors.js';
import type { TimesReport } from '../files/transfer-result.js';
import type { SinkOpener } from './download-sink.js';
import { FilelessSink } from './fileless-sink.js';

const STREAM_FAILED = 'the stream to download to failed';

/** Over a stream of Node or of the Web; undefined for what is neither. */
export function streamSinkOf(to: unknown): FilelessSink | undefined {
  if (has(to, 'getWriter')) return new WebStreamSink(to as WritableStream<Uint8Array>);
  return has(to, 'write', 'end', 'on', 'destroy') ? new NodeStreamSink(to as Writable) : undefined;
}

/** By what is called of it: also what comes of a library that brings its own streams. */
export function has(to: unknown, ...methods: readonly string[]): boolean {
  return typeof to === 'object' && to !== null && methods.every((name) => name in to);
}

export class NodeStreamSink extends FilelessSink {
  readonly #stream: Writable;
  readonly #failed: string;
  readonly #path: string | undefined;
  #failure: Error | undefined;
  /** Ends the wait that is under way. A stream that is destroyed calls nobody back. */
  #interrupt: (error: Error) => void = () => undefined;

  /** `failed` begins the message where it fails; `path` is that of a local pipe or device. */
  constructor(stream: Writable, failed = STREAM_FAILED, path?: string) {
    super();
    this.#stream = stream;
    this.#failed = failed;
    this.#path = path;
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
  }

  async write(chunk: Uint8Array): Promise<void> {
    // A copy, since a stream may keep what it was given longer than its callback tells.
    await this.#called((done) => this.#stream.write(Buffer.from(chunk), done));
  }

  /**
   * As `stream.pipeline`: waits for 'close' where the stream will say that, as a disk that is full, or far away, may tell so only
   * when its file is closed; of a stream that is read as well only for 'finish', as nobody may read it to its end before.
   */
  async commit(modifiedAt?: Date): Promise<TimesReport | undefined> {
    await this.#called((done) => {
      if (isStandardOutput(this.#stream)) {
        done();
        return;
      }
      // From here on it is right to be closed.
      this.#stream.off('close', this.#onClose);
      const forget = finished(this.#stream, { readable: false }, (error) => {
        forget();
        done(error?.code === 'ERR_STREAM_PREMATURE_CLOSE' ? closedEarly() : error);
      });
      this.#stream.end();
    });
    this.#letGo();
    return modifiedAt === undefined ? undefined : { set: false, reason: `${this.#path ?? 'a stream'} is no file` };
  }

  discard(error: Error): Promise<undefined> {
    if (isStandardOutput(this.#stream) || this.#stream.closed) {
      this.#letGo();
    } else {
      // Behind the error that it tells then, which would end the process if nobody listened.
      this.#stream.once('close', () => {
        this.#letGo();
      });
      this.#stream.destroy(error);
    }
    return Promise.resolve(undefined);
  }

  #letGo(): void {
    this.#stream.off('error', this.#onError);
    this.#stream.off('close', this.#onClose);
  }

  /** Waits for `act` to call back, or the stream to fail or be destroyed. Rejects with `LocalFileError`. */
  async #called(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#interrupt = reject;
        if (this.#stream.destroyed) this.#onClose();
        if (this.#failure !== undefined) {
          reject(this.#failure);
          return;
        }
        act((error) => {
          if (error == null) resolve();
          else reject(error);
        });
      });
    } catch (error) {
      throw callersFailure(this.#failed, this.#path, error);
    }
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
    this.#interrupt(error);
  };

  readonly #onClose = (): void => {
    this.#onError(this.#stream.errored ?? closedEarly());
  };
}

function closedEarly(): Error {
  return new Error('it was closed before it had all');
}

class WebStreamSink extends FilelessSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(stream: WritableStream<Uint8Array>) {
    super();
    this.#writer = stream.getWriter();
    // Told by the write or the close that meets it.
    this.#writer.closed.catch(() => undefined);
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      // Resolves when the stream's owner took it; a copy, as the owner may keep it.
      await this.#writer.write(Uint8Array.from(chunk));
    } catch (error) {
      throw failure(error);
    }
  }

  async commit(): Promise<undefined> {
    try {
      await this.#writer.close();
    } catch (error) {
      throw failure(error);
    }
  }

  discard(error: Error): Promise<undefined> {
    // Not awaited: it would wait for a write that never ends.
    this.#writer.abort(error).catch(() => undefined);
    return Promise.resolve(undefined);
  }
}

/** Opens its stream when the first bytes come, and another one where the file comes again from its beginning. */
export class OpenedStreamSink extends FilelessSink {
  override readonly canRestart = true;
  readonly #open: SinkOpener;
  #sink: FilelessSink | undefined;
  /** What it was let go of with: a stream that opens behind that is nobody's. */
  #end: Error | undefined;

  constructor(open: SinkOpener) {
    super();
    this.#open = open;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#sink ??= await this.#opened();
    await this.#sink.write(chunk);
  }

  override async restart(): Promise<void> {
    await this.#sink?.discard(
      new TransferError('the file comes again from its beginning', { bytes: 0, safeBytes: 0, resumable: false }),
    );
    this.#sink = undefined;
  }

  async commit(): Promise<undefined> {
    this.#sink ??= await this.#opened();
    await this.#sink.commit();
  }

  async discard(error: Error): Promise<undefined> {
    this.#end = error;
    await this.#sink?.discard(error);
  }

  async #opened(): Promise<FilelessSink> {
    let stream: unknown;
    try {
      stream = await this.#open(0);
    } catch (error) {
      throw failure(error);
    }
    const sink = streamSinkOf(stream);
    if (sink === undefined) throw new ConfigError('download: the function must give a writable stream');
    if (this.#end === undefined) return sink;
    await sink.discard(this.#end);
    throw this.#end;
  }
}

function failure(error: unknown): Error {
  return callersFailure(STREAM_FAILED, undefined, error);
}

/** Those of the process outlive any download. */
function isStandardOutput(stream: Writable): boolean {
  return stream === process.stdout || stream === process.stderr;
}
