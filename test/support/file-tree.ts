// A tree of text files in a local folder: written, and compared whole.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

/** Content by path. */
export type FileTree = Readonly<Record<string, string>>;

export async function writeTree(folder: string, files: FileTree): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Asserts that the folder holds these files with their content, and no others. */
export async function expectTree(folder: string, files: FileTree): Promise<void> {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  expect(found.sort()).to.deep.equal(Object.keys(files).sort());
  for (const [path, text] of Object.entries(files))
    expect(await readFile(join(folder, path), 'utf8'), path).to.equal(text);
}
