// Who writes into a local file: one download at a time, in this process, and on Linux in any other of the machine.
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { systemCode } from './system-code.js';

export interface FileClaim {
  /** Another download may have the file from here on. */
  release(): void;
}

/** What `stat` tells of a file with `bigint`. */
export type FileNumbers = Pick<BigIntStats, 'dev' | 'ino'>;

/** Files that are claimed in this process. */
const claimed = new Set<string>();

/** The claim of this very file, whatever its name; undefined where somebody has it. It ends with the process. */
export async function claimFile(path: string, numbers: FileNumbers): Promise<FileClaim | undefined> {
  const file = numberOf(numbers);
  if (claimed.has(file)) return undefined;
  claimed.add(file);
  const beyond = process.platform === 'linux' ? await claimBeyond(path, file) : NOBODY_ELSE;
  if (beyond === undefined) {
    claimed.delete(file);
    return undefined;
  }
  return {
    release: () => {
      beyond.release();
      claimed.delete(file);
    },
  };
}

/** Where no claim goes beyond the process. */
const NOBODY_ELSE: FileClaim = { release: () => undefined };

/** On Windows some versions of Node.js have two numbers for one volume, by the handle and by the name. */
function numberOf({ dev, ino }: FileNumbers): string {
  return process.platform === 'win32' ? `${ino}` : `${dev}:${ino}`;
}

/** `sun_path` of unix(7) without the NUL that it begins with; shorter names are padded by some versions of Node.js. */
const NAME_BYTES = 107;

/**
 * A socket of an abstract name (unix(7)): nobody else can have the same name until this one is closed, which the system does
 * for a process that is killed. A file to tell of the lock would outlive it. The name in the folder is part of it, since
 * whoever cannot look into that should not be able to take it.
 */
async function claimBeyond(path: string, file: string): Promise<FileClaim | undefined> {
  const digest = createHash('sha256')
    .update(`${file}\0${basename(path)}`)
    .digest('hex');
  const name = `\0${`ftps-kit download ${digest}`.padEnd(NAME_BYTES, '.')}`;
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // `exclusive`: workers of a cluster would share it.
      server.listen({ path: name, exclusive: true }, resolve);
    });
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') return undefined;
    // A system that grants no sockets takes nothing from the download but this.
    return NOBODY_ELSE;
  }
  server.on('error', () => undefined);
  server.unref();
  return {
    release: () => {
      server.close();
    },
  };
}
