// The bytes of an upload, from its source onto the data connection.
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { SourceReading } from '../local/upload-source.js';
import type { TransferMeter } from './transfer-meter.js';

/** Sends to the end of the source. `onChunk` sees every chunk before it goes; what it throws ends the transfer. */
export async function send(
  channel: ByteChannel,
  source: SourceReading,
  meter: TransferMeter,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  // Tickets come this way, and a connection closed with something unread is reset: the server might lose our last bytes.
  drain(channel).catch(() => undefined);
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
    onChunk(chunk);
    await meter.step(channel.write(chunk));
    meter.moved(chunk.length);
  }
}

async function drain(channel: ByteChannel): Promise<void> {
  const buffer = new Uint8Array(1024);
  while ((await channel.read(buffer)) > 0);
}
