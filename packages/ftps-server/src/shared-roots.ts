// Which roots are one folder, however they are written: accounts of one folder share a file system, and with it its count.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OpenRoot } from './account.js';
import type { FileSystem } from './file-system.js';

/**
 * Opens each folder once: roots that lead to the same folder, by a slash at the end, a relative path or a symbolic link, get
 * the same file system, so that a quota knows of all that happens there. For authenticators that stand side by side.
 */
export function sharedRoots(openRoot: OpenRoot): OpenRoot {
  const opened = new Map<string, FileSystem>();
  return (root) => {
    const folder = folderOf(root);
    const fileSystem = opened.get(folder) ?? openRoot(folder);
    opened.set(folder, fileSystem);
    return fileSystem;
  };
}

/** The real path of a folder; of one that is missing, its absolute path. */
export function folderOf(root: string): string {
  const absolute = resolve(root);
  try {
    return realpathSync.native(absolute);
  } catch {
    return absolute;
  }
}
