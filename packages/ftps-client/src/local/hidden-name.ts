// The name of a file that is not whole yet: hidden, beside the real one, and recognizable by its ending.
import { createHash } from 'node:crypto';

/** Most file systems take names of 255 bytes, eCryptfs of 143; what comes besides this needs up to 37 of them. */
const MAX_NAME_BYTES = 100;

/** `.name.ending`; a name that is too long for that is cut, and told from others that begin alike by digits. */
export function hiddenName(name: string, ending: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_NAME_BYTES) return `.${name}.${ending}`;
  // The cut may have gone through a character.
  const cut = bytes
    .subarray(0, MAX_NAME_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
  // Of what the name is made of, since bytes that are no UTF-8 are all the same in UTF-8.
  const digits = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, 8);
  return `.${cut}~${digits}.${ending}`;
}
