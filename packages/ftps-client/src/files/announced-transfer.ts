// A transfer whose callbacks' news goes to those who listen to the client's events as well.
import type { Announce, TransferSubject } from '../client-events.js';
import type { ParsedTransferOptions } from './transfer-options.js';

/** The same options, whose callbacks announce `progress` and `retry` too, behind the caller's own. */
export function announcing<O extends ParsedTransferOptions>(
  options: O,
  subject: TransferSubject,
  announce: Announce,
): O {
  const { onProgress, onAttempt } = options;
  return {
    ...options,
    onProgress: (progress) => {
      onProgress?.(progress);
      announce('progress', { ...subject, progress });
    },
    onAttempt: (event) => {
      onAttempt?.(event);
      if (event.state === 'begins' || event.retryInMs === undefined) return;
      announce('retry', { attempt: event.attempt + 1, delayMs: event.retryInMs, error: event.error });
    },
  };
}
