// A download from a server that breaks it off, as often and where a test says.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DownloadOptions, FtpsClient } from '@ftps-kit/ftps-client';
import { PLAIN_FEATURES, withFaultyServer, type Fault, type FaultyServer, type Incoming } from './faulty-server.js';
import { withTemporaryFolder } from './temporary-folder.js';

export const content = randomBytes(200_000);
export const other = randomBytes(200_000);
export const cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth * 20_000);

type Ending = 'fin' | 'reset' | 'stall' | 'control';

/** Sends so many bytes of the download and breaks it off. */
export async function cut({ peer, data, offset }: Incoming, bytes: number, ending: Ending): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 here it comes\r\n');
  const channel = await data.channel();
  if (bytes > offset) await channel.write(content.subarray(offset, bytes));
  const socket = await data.socket();
  switch (ending) {
    case 'fin':
      socket.end();
      // The client has it all once it ends its side too.
      await channel.read(Buffer.alloc(1)).catch(() => undefined);
      await peer.say('426 broken\r\n');
      return;
    case 'reset':
      socket.resetAndDestroy();
      await peer.say('426 broken\r\n');
      return;
    case 'control':
      peer.destroy();
      return;
    case 'stall':
  }
}

/** Breaks the first RETR off, and no other. */
export function firstCut(bytes: number, ending: Ending): Fault {
  return async (command) => {
    if (command.verb !== 'RETR' || command.count > 1) return false;
    await cut(command, bytes, ending);
    return true;
  };
}

/** Sends all with the first RETR, and then does not say that this is all. */
export const doubtfulEnd: Fault = async ({ verb, count, peer, data }) => {
  if (verb !== 'RETR' || count > 1 || data === undefined) return false;
  await peer.say('150 here it comes\r\n');
  await peer.send(data, content);
  await peer.say('426 who knows\r\n');
  return true;
};

/** Breaks the first RETR off; by the next there is another file of that name. */
export const changedMeanwhile: Fault = async (command, server) => {
  if (command.verb !== 'RETR' || command.count > 1) return false;
  await cut(command, 70_000, 'fin');
  server.put('a', other, new Date('2026-02-03T04:05:06Z'));
  return true;
};

interface Case {
  readonly fault: Fault;
  readonly features?: readonly string[];
  readonly options?: DownloadOptions;
  readonly stallMs?: number;
}

/** Downloads `a` to a path of its own, and lends what came of it. */
export async function downloading(
  { fault, features = PLAIN_FEATURES, options = {}, stallMs }: Case,
  work: (
    call: () => ReturnType<FtpsClient['download']>,
    seen: {
      readonly server: FaultyServer;
      readonly folder: string;
      readonly path: string;
      readonly client: FtpsClient;
    },
  ) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a');
    const timeouts = { connectMs: 10_000, tlsMs: 10_000, replyMs: 10_000, stallMs: stallMs ?? 10_000, closeMs: 500 };
    await withFaultyServer(
      { fault, features: [...features], files: { a: content }, options: { timeouts } },
      async (client, server) => {
        await work(() => client.download('a', path, options), { server, folder, path, client });
      },
    );
  });
}
