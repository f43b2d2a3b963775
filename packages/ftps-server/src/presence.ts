// Whether something is there, for commands whose meaning depends on it.
import { FileSystemError } from './errors.js';
import type { FileSystem } from './file-system.js';

export async function isThere(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.stat(path);
    return true;
  } catch (error) {
    if (error instanceof FileSystemError && error.kind === 'not-found') return false;
    throw error;
  }
}
