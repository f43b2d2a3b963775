// An upload to a server that breaks it off or refuses what belongs to it, as often and where a test says.
import { randomBytes } from 'node:crypto';
import type { ByteChannel } from '@ftps-kit/tls-core';
import { readExactly } from './channel-bytes.js';
import type { Fault, FaultyServer, Incoming } from './faulty-server.js';

export const content = randomBytes(200_000);
export const cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth * 20_000);

/** Takes so many bytes of the upload, keeps what `keep` says, and breaks it off. */
export async function cut(
  { peer, data, verb, argument }: Incoming,
  server: FaultyServer,
  {
    bytes,
    keep,
    ending,
  }: { readonly bytes: number; readonly keep: 'all' | 'nothing'; readonly ending: 'data' | 'control' },
): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 go on\r\n');
  const channel = await data.channel();
  const came = bytes === 0 ? Buffer.alloc(0) : await readExactly(channel, bytes);
  const before = verb === 'APPE' ? (server.bytes(argument) ?? Buffer.alloc(0)) : Buffer.alloc(0);
  if (keep === 'all') server.put(argument, Buffer.concat([before, came]), new Date());
  if (ending === 'control') {
    peer.destroy();
    return;
  }
  (await data.socket()).resetAndDestroy();
  await peer.say('426 broken\r\n');
}

/** Takes so many bytes of the upload, or fewer where its client gives up before, keeps them, and refuses the rest. */
export async function cutForGood(
  { peer, data, argument }: Incoming,
  server: FaultyServer,
  bytes: number,
): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 go on\r\n');
  const channel = await data.channel().catch(() => undefined);
  if (channel !== undefined) server.put(argument, await readAtMost(channel, bytes), new Date());
  (await data.socket()).resetAndDestroy();
  await peer.say('552 full\r\n');
}

/** Reads so many bytes, or what comes before the connection ends or breaks. */
async function readAtMost(channel: ByteChannel, bytes: number): Promise<Buffer> {
  const message = Buffer.alloc(bytes);
  let have = 0;
  while (have < bytes) {
    const count = await channel.read(message.subarray(have)).catch(() => 0);
    if (count === 0) break;
    have += count;
  }
  return message.subarray(0, have);
}

/** Breaks the first STOR off, and no other. */
export function firstCut(bytes: number, keep: 'all' | 'nothing' = 'all', ending: 'data' | 'control' = 'data'): Fault {
  return async (command, server) => {
    if (command.verb !== 'STOR' || command.count > 1) return false;
    await cut(command, server, { bytes, keep, ending });
    return true;
  };
}

/** Breaks one attempt after the other off, as told; those behind go well. */
export function cutEach(
  ...attempts: readonly {
    readonly verb: 'STOR' | 'APPE';
    readonly bytes: number;
    readonly keep: 'all' | 'nothing';
    /** What somebody else puts there then. */
    readonly replacedBy?: Buffer;
  }[]
): Fault {
  const left = [...attempts];
  return async (command, server) => {
    const [next] = left;
    if (next?.verb !== command.verb) return false;
    left.shift();
    const { bytes, keep, replacedBy } = next;
    await cut(command, server, { bytes, keep, ending: 'control' });
    if (replacedBy !== undefined) server.put(command.argument, replacedBy);
    return true;
  };
}

/** Refuses every command of this verb. */
export function refusing(verb: string, reply: string): Fault {
  return async (command) => {
    if (command.verb === verb) await command.peer.say(`${reply}\r\n`);
    return command.verb === verb;
  };
}

/** The first of them that takes the command. */
export function either(...faults: readonly Fault[]): Fault {
  return async (command, server) => {
    for (const fault of faults) if (await fault(command, server)) return true;
    return false;
  };
}

/** The server is gone at the first command of this verb: before it did what it says, or after. */
export function losesControlAt(verb: string, when: 'before' | 'after' = 'before'): Fault {
  return (command, server) => {
    if (command.verb !== verb || command.count > 1) return false;
    if (when === 'after') {
      const temporary = [...server.files.keys()].find((name) => name.endsWith('.ftps-part'));
      const file = server.files.get(temporary ?? '');
      if (temporary === undefined || file === undefined) throw new Error('nothing to rename');
      server.files.delete(temporary);
      server.files.set(command.argument, file);
    }
    command.peer.destroy();
    return true;
  };
}

export function names(server: FaultyServer): readonly string[] {
  return [...server.files.keys()].sort();
}
