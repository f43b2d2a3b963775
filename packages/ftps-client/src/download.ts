// RETR: from the data connection into a sink, counted and checked.
import type { Writable } from 'node:stream';
import type { ByteChannel } from '@ftps-kit/tls-core';
import { openSink, type DownloadSink } from './download-sink.js';
import { DOWNLOAD_BUFFER_BYTES } from './limits.js';
import { outgoingPath } from './outgoing-command.js';
import { checkTransferOptions, transferResult, type TransferOptions, type TransferResult } from './transfer-result.js';
import { runTransfer, type LoginContext } from './transfer.js';
import { TransferMeter } from './transfer-meter.js';
import { sizeIfTold, verifySize } from './verify.js';

export async function download(
  context: LoginContext,
  remotePath: string,
  to: string | Writable | DownloadSink,
  options: TransferOptions,
): Promise<TransferResult> {
  checkTransferOptions(options);
  const { signal, onProgress, verify = 'auto' } = options;
  const command = outgoingPath('RETR', remotePath);
  const { stallMs } = context.timeouts;
  const sink = await openSink(to);
  try {
    const totalBytes = verify === 'auto' ? await sizeIfTold(context, remotePath, signal) : undefined;
    const meter = new TransferMeter({ stallMs, totalBytes, onProgress });
    const outcome = await runTransfer(context, {
      command,
      sends: false,
      meter,
      signal,
      move: (channel) => receive(channel, sink, meter),
    });
    const { bytes, reply } = outcome;
    const sizesAgree = totalBytes === bytes;
    // A file that grew or shrank on the way is asked about again before it is called wrong.
    const askAgain = totalBytes !== undefined && !sizesAgree;
    const verified = askAgain
      ? await verifySize(context, { verb: command.verb, path: remotePath, bytes, reply }, signal)
      : sizesAgree
        ? 'size'
        : 'unverified';
    await sink.commit();
    return transferResult(outcome, verified);
  } catch (error) {
    await sink.discard(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Fills one buffer from the network while the other is written; a sink that lags behind gets larger pieces. */
async function receive(channel: ByteChannel, sink: DownloadSink, meter: TransferMeter): Promise<void> {
  let filling: Uint8Array = Buffer.allocUnsafeSlow(DOWNLOAD_BUFFER_BYTES);
  let other: Uint8Array = Buffer.allocUnsafeSlow(DOWNLOAD_BUFFER_BYTES);
  let filled = 0;
  const writer = new BackgroundWriter(sink, (error) => {
    channel.destroy(error);
  });
  for (;;) {
    const count = await meter.step(channel.read(filling.subarray(filled)));
    if (count === 0) break;
    filled += count;
    meter.moved(count);
    if (writer.isBusy && filled < filling.length) continue;
    await writer.write(filling.subarray(0, filled));
    [filling, other] = [other, filling];
    filled = 0;
  }
  if (filled > 0) await writer.write(filling.subarray(0, filled));
  await writer.finish();
  // Some servers wait for our close_notify before they say 226; others are gone already.
  await channel.end().catch(() => undefined);
}

/** Writes to a sink while its owner does something else. */
class BackgroundWriter {
  isBusy = false;
  readonly #sink: DownloadSink;
  readonly #onFailure: (error: Error) => void;
  #writing: Promise<void> = Promise.resolve();

  /** `onFailure` is called at once when a write fails, so that nobody goes on in vain. */
  constructor(sink: DownloadSink, onFailure: (error: Error) => void) {
    this.#sink = sink;
    this.#onFailure = onFailure;
  }

  /** Resolves when the write before this one is done, and its buffer free; rejects where that failed. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#writing;
    this.isBusy = true;
    this.#writing = this.#sink.write(chunk).then(() => {
      this.isBusy = false;
    });
    this.#writing.catch((error: unknown) => {
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    });
  }

  finish(): Promise<void> {
    return this.#writing;
  }
}
