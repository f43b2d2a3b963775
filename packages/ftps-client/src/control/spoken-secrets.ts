// What was said to the server and must not be repeated by it: a password, an account.
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { OutgoingCommand } from './outgoing-command.js';

export class SpokenSecrets {
  readonly #secrets = new Set<string>();

  add({ secret }: OutgoingCommand): void {
    if (secret !== undefined && secret !== '') this.#secrets.add(secret);
  }

  /** The reply without them, as replies go to errors, events and logs. */
  mask(reply: Reply): Reply {
    if (this.#secrets.size === 0) return reply;
    return { ...reply, lines: reply.lines.map((line) => withoutSecrets(line, this.#secrets)) };
  }
}

/** Within a longer word it is a part of that word, and to mask it there would tell what it is. */
function withoutSecrets(line: string, secrets: ReadonlySet<string>): string {
  let masked = line;
  for (const secret of secrets) {
    masked = masked.replaceAll(secret, (_, at: number, text: string) =>
      isWordPart(text[at - 1]) || isWordPart(text[at + secret.length]) ? secret : '***',
    );
  }
  return masked;
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
