// The folder that a file gets its name in: only when the disk has that too does the name outlive a loss of power.
import { open } from 'node:fs/promises';
import { errorOf } from '../errors.js';
import { systemCode } from './system-code.js';

export interface OpenFolder {
  /** Has the disk confirm the names in it. Rejects where it does not; the names stand all the same. */
  confirmNames(): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

/** File systems that answer so have no such thing for folders, and keep their names in their own way. */
const UNKNOWN_FOR_FOLDERS: readonly unknown[] = ['EINVAL', 'ENOTSUP'];

/** undefined on Windows, which keeps names by itself. Rejects with the system's error. */
export async function openFolder(path: string): Promise<OpenFolder | undefined> {
  if (process.platform === 'win32') return undefined;
  const handle = await open(path, 'r');
  return {
    confirmNames: async () => {
      try {
        await handle.sync();
      } catch (error) {
        if (UNKNOWN_FOR_FOLDERS.includes(systemCode(error))) return;
        const why = errorOf(error).message;
        throw new Error(`it is whole and has its name, but the disk did not confirm the name: ${why}`, {
          cause: error,
        });
      }
    },
    close: () => handle.close().catch(() => undefined),
  };
}
