// Password hashes that cost next to nothing to check, for tests that are about something else.
import { deriveByScrypt } from '../../packages/ftps-server/src/password-hash.js';

const SALT = Buffer.from('a salt of 16 byt');

/** A hash in PHC form; the same password gives the same one. */
export async function cheapHash(password: string): Promise<string> {
  const hash = await deriveByScrypt(password, SALT, { ln: 4, r: 8, p: 1 }, 32);
  return `$scrypt$ln=4,r=8,p=1$${unpadded(SALT)}$${unpadded(hash)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
