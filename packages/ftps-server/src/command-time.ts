// Bounds a command's handler in time: what a file system or an authenticator never answers ends the session, and no more.
import { AbortedError, TimeoutError } from '@ftps-kit/tls-core';
import type { ServerContext } from './command-row.js';
import { tellLimit } from './limit-event.js';
import { ENDED_COMMAND_MS } from './limits.js';
import type { Session } from './session.js';

/**
 * Waits for a handler's `work`. Rejects with `TimeoutError` (phase `command`) where it takes too long and no transfer is
 * under way, which has bounds of its own; and with `AbortedError` where the session has ended and the work does not end
 * with it.
 */
export function withinCommandTime<T>(server: ServerContext, session: Session, work: Promise<T>): Promise<T> {
  const limit = session.login.state === 'logged-in' ? 'commandTimeoutMs' : 'loginTimeoutMs';
  const timeoutMs = server.settings.limits[limit];
  return new Promise((resolve, reject) => {
    let lastWords: NodeJS.Timeout | undefined;
    const patience = setInterval(() => {
      if (session.transfer !== undefined) return;
      const error = new TimeoutError('command', timeoutMs);
      tellLimit(server, session, limit, error.message);
      giveUp(error);
    }, timeoutMs);
    const onEnded = (): void => {
      lastWords = setTimeout(() => {
        giveUp(new AbortedError('the session ended before its command did'));
      }, ENDED_COMMAND_MS);
    };
    const stopWaiting = (): void => {
      clearInterval(patience);
      clearTimeout(lastWords);
      session.ended.removeEventListener('abort', onEnded);
    };
    const giveUp = (error: Error): void => {
      stopWaiting();
      reject(error);
    };
    session.ended.addEventListener('abort', onEnded, { once: true });
    if (session.ended.aborted) onEnded();
    work.finally(stopWaiting).then(resolve, reject);
  });
}
