// Directory entries as lines, and lines into a data connection.
import { encodeFacts, encodeTime, encodeUnixListLine, type MlstFact } from '@ftps-kit/ftp-protocol';
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { DirectoryEntry, FileStat } from './file-system.js';
import { LISTING_BUFFER_BYTES } from './limits.js';
import { permFact } from './permissions.js';
import type { Session } from './session.js';
import type { Progress } from './transfer.js';

const FACTS = ['type', 'size', 'modify', 'create', 'perm', 'unique', 'UNIX.mode'] as const;

/** RFC 3659 §7.5: the facts that this server knows, and those that the client wants. */
export function mlstFacts(session: Session): readonly MlstFact[] {
  return FACTS.map((name) => ({ name, isSelected: isSelected(session, name) }));
}

/** The facts of one entry as MLSD and MLST write them. RFC 3659 §7.5.5 says what each letter of `perm` allows. */
export function factsOf(session: Session, stat: FileStat): string {
  const values: Readonly<Record<(typeof FACTS)[number], string | undefined>> = {
    type: stat.type === 'directory' ? 'dir' : 'file',
    size: stat.type === 'file' ? String(stat.sizeBytes) : undefined,
    modify: timeOf(stat),
    create: stat.createdAt && timeOf({ ...stat, modifiedAt: stat.createdAt }),
    perm: permFact(session.account, stat.type),
    unique: stat.identity,
    'UNIX.mode': stat.mode === undefined ? undefined : `0${stat.mode.toString(8).padStart(3, '0')}`,
  };
  const chosen: [string, string][] = [];
  for (const name of FACTS) {
    const value = values[name];
    if (value !== undefined && isSelected(session, name)) chosen.push([name, value]);
  }
  return encodeFacts(chosen);
}

/** When it was modified; undefined for a time that RFC 3659 §2.3 has no form for: its years go from 1000 to 9999. */
export function timeOf({ modifiedAt }: FileStat): string | undefined {
  const year = modifiedAt.getUTCFullYear();
  return year >= 1000 && year <= 9999 ? encodeTime(modifiedAt) : undefined;
}

/** One line of LIST, as `ls -l` writes it. */
export function unixLine(entry: DirectoryEntry, now: Date): string {
  return encodeUnixListLine(
    {
      type: entry.type,
      name: entry.name,
      mode: entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644),
      links: entry.links ?? 1,
      owner: entry.owner ?? 'ftp',
      group: entry.group ?? 'ftp',
      sizeBytes: entry.sizeBytes,
      modifiedAt: entry.modifiedAt,
    },
    now,
  );
}

/** Whether a name can stand on a line of its own. Others are left out of every listing (RFC 3659 §2.2). */
export function isListable(name: string): boolean {
  return !/[\r\n\0]/.test(name);
}

/** Sends lines as they come and then the end, some kilobytes at a time: the longest listing needs no more memory. */
export async function sendLines(lines: AsyncIterable<string>, channel: ByteChannel, progress: Progress): Promise<void> {
  let gathered = '';
  const send = async (): Promise<void> => {
    const chunk = Buffer.from(gathered, 'utf8');
    gathered = '';
    await channel.write(chunk);
    progress.moved(chunk.length);
  };
  for await (const line of lines) {
    gathered += `${line}\r\n`;
    if (gathered.length >= LISTING_BUFFER_BYTES) await send();
  }
  if (gathered !== '') await send();
  await channel.end();
}

function isSelected(session: Session, name: string): boolean {
  return session.selectedFacts === undefined || session.selectedFacts.includes(name.toLowerCase());
}
