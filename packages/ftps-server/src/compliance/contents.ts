// Whole files and directories by a file system's own methods, for tests.
import assert from 'node:assert/strict';
import { FileSystemError, type FileSystemErrorKind } from '../errors.js';
import type { DirectoryEntry, FileSystem, WriteMode } from '../file-system.js';

export const replace: WriteMode = { kind: 'replace' };

/** Writes a file from its first to its last byte. */
export async function writeFile(
  files: FileSystem,
  path: string,
  content: string | Uint8Array,
  mode: WriteMode = replace,
): Promise<void> {
  const file = await files.openWrite(path, mode);
  await file.write(Buffer.from(content));
  await file.commit();
}

/** All bytes from `start` to the end. */
export async function readFile(files: FileSystem, path: string, start = 0): Promise<Buffer> {
  const file = await files.openRead(path, { start });
  const chunks: Buffer[] = [];
  const into = Buffer.alloc(64 * 1024);
  for (let count = await file.read(into); count > 0; count = await file.read(into)) {
    chunks.push(Buffer.from(into.subarray(0, count)));
  }
  await file.close();
  return Buffer.concat(chunks);
}

/** The entries of a directory, by name. */
export async function entriesOf(files: FileSystem, path: string): Promise<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of files.list(path)) entries.push(entry);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names in a directory, sorted. */
export async function namesOf(files: FileSystem, path: string): Promise<readonly string[]> {
  return (await entriesOf(files, path)).map(({ name }) => name);
}

/** Fails unless `work` is refused with a `FileSystemError` of this kind. */
export async function refuses(kind: FileSystemErrorKind, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error !== undefined, `expected a refusal as '${kind}', and it was done`);
  assert.ok(error instanceof FileSystemError, 'a file system rejects with FileSystemError and nothing else');
  assert.equal(error.kind, kind, error.message);
}

/** Fails unless the file holds exactly this. */
export async function holds(files: FileSystem, path: string, content: string): Promise<void> {
  assert.equal((await readFile(files, path)).toString(), content);
}
