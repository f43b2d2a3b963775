// Downloads into pipes, terminals and devices: bytes go in, and that is all.
import { localFailure } from '../errors.js';
import type { OpenSink } from './download-sink.js';
import { openDeviceForWriting } from './local-device.js';
import { NodeStreamSink } from './stream-sink.js';
import { systemCode } from './system-code.js';

/** Rejects with `LocalFileError`. */
export async function openDeviceSink(path: string, isPipe: boolean): Promise<OpenSink> {
  const failed = `cannot write ${path}`;
  try {
    return new NodeStreamSink(await openDeviceForWriting(path, { isPipe }), failed, path);
  } catch (error) {
    const isUnread = isPipe && systemCode(error) === 'ENXIO';
    // Not waited for: what goes into a pipe without a reader is lost at its end, and would be called downloaded.
    const reason = isUnread ? new Error('nobody reads the pipe; start what reads it first', { cause: error }) : error;
    throw localFailure(failed, path, reason);
  }
}
