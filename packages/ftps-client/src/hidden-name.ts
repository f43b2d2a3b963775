// The name of a file that is not whole yet: hidden, beside the real one, and recognizable by its ending.

/** Names of 255 bytes are what file systems take; the ending needs some of them. */
const MAX_NAME_BYTES = 200;

/** `.name.ending`, where the name is cut if it must be. */
export function hiddenName(name: string, ending: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_NAME_BYTES) return `.${name}.${ending}`;
  // The cut may have gone through a character.
  const cut = bytes
    .subarray(0, MAX_NAME_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `.${cut}.${ending}`;
}
