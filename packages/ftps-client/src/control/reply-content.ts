// What a reply holds besides its code, where the command asks for just that.
import { GrammarError } from '@ftps-kit/ftp-protocol';
import { ProtocolError } from '../errors.js';

/** What `parse` reads in the reply to `verb`. Throws `ProtocolError` where there is no `what` in it. */
export function contentOf<T>(verb: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof GrammarError)) throw cause;
    throw new ProtocolError(`the reply to ${verb} holds no ${what}: ${cause.message}`, { cause });
  }
}
