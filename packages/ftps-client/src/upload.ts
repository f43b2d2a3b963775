// STOR: from a source onto the data connection, counted and checked.
import type { Readable } from 'node:stream';
import type { ByteChannel } from '@ftps-kit/tls-core';
import { outgoingPath } from './outgoing-command.js';
import { checkTransferOptions, transferResult, type TransferOptions, type TransferResult } from './transfer-result.js';
import { runTransfer, type LoginContext } from './transfer.js';
import { TransferMeter } from './transfer-meter.js';
import { openSource, type UploadSource } from './upload-source.js';
import { verifySize } from './verify.js';

export async function upload(
  context: LoginContext,
  from: string | Uint8Array | Readable | AsyncIterable<Uint8Array>,
  remotePath: string,
  options: TransferOptions,
): Promise<TransferResult> {
  checkTransferOptions(options);
  const { signal, onProgress, verify = 'auto' } = options;
  const command = outgoingPath('STOR', remotePath);
  const { stallMs } = context.timeouts;
  const source = await openSource(from);
  try {
    const meter = new TransferMeter({ stallMs, totalBytes: source.totalBytes, onProgress });
    const outcome = await runTransfer(context, {
      command,
      sends: true,
      meter,
      signal,
      move: (channel) => send(channel, source, meter),
    });
    const { bytes, reply } = outcome;
    const verified =
      verify === 'auto'
        ? await verifySize(context, { verb: command.verb, path: remotePath, bytes, reply }, signal)
        : 'unverified';
    return transferResult(outcome, verified);
  } finally {
    await source.close();
  }
}

async function send(channel: ByteChannel, source: UploadSource, meter: TransferMeter): Promise<void> {
  // Tickets come this way, and a connection closed with something unread is reset: the server might lose our last bytes.
  drain(channel).catch(() => undefined);
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
    await meter.step(channel.write(chunk));
    meter.moved(chunk.length);
  }
  await meter.step(channel.end());
}

async function drain(channel: ByteChannel): Promise<void> {
  const buffer = new Uint8Array(1024);
  while ((await channel.read(buffer)) > 0);
}
