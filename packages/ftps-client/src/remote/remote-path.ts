// Remote paths as the client takes them apart and puts them together: slashes, whatever the server's own system has.

/** The last component: what an entry is called in its folder. Empty for the root. */
export function baseName(path: string): string {
  const trimmed = withoutTrailingSlash(path);
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** The folder that holds it: `/` for what lies in the root, undefined for the root, '' for what lies where we are. */
export function parentOf(path: string): string | undefined {
  const trimmed = withoutTrailingSlash(path);
  if (trimmed === '/' || trimmed === '') return undefined;
  const slash = trimmed.lastIndexOf('/');
  if (slash === -1) return '';
  return slash === 0 ? '/' : withoutTrailingSlash(trimmed.slice(0, slash));
}

/** `name` in `folder`. */
export function joined(folder: string, name: string): string {
  if (folder === '') return name;
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

/**
 * Whether the path names an entry by its name in a folder; `/`, `.`, `..` and what ends in them name a folder without
 * saying what it is called.
 */
export function hasName(path: string): boolean {
  return !['', '.', '..'].includes(baseName(path));
}

/** One trailing slash or several say nothing, except for the root. */
function withoutTrailingSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
