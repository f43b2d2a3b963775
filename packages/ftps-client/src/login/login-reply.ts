// What the refusal of a login means, where only its words say.
import type { Reply } from '@ftps-kit/ftp-protocol';

// RFC 959 §5.4 has 421 for a server that is full. ProFTPD says 530 behind a password that was right, or as its greeting:
// "Sorry, the maximum number of clients (8) from your host are already connected."; glftpd, Serv-U and others likewise.
const speaksOfBound = /\b(?:max|maximum|too many|limit|limited)\b/i;
const speaksOfLogins =
  /\b(?:clients?|users?|hosts?|connections?|connected|logins?|logons?|logged|sessions?|simultaneous)\b/i;
/** "Too many failed logins", "maximum login attempts": those are about passwords. */
const speaksOfPassword =
  /\b(?:fail\w*|attempts?|tries|authenticat\w*|passwords?|incorrect|invalid|wrong|denied|lock\w*|ban\w*|disabled)\b/i;

/** Whether the server has as many logins as it takes, of all, of this user or from this address: one that ends makes room. */
export function saysNoRoom({ lines }: Reply): boolean {
  const text = lines.join(' ');
  return speaksOfBound.test(text) && speaksOfLogins.test(text) && !speaksOfPassword.test(text);
}

/** Whether it counts wrong passwords, whatever the code: the next one may be the one that it locks the account for. */
export function saysTooManyFailures({ lines }: Reply): boolean {
  const text = lines.join(' ');
  return speaksOfBound.test(text) && speaksOfPassword.test(text);
}
