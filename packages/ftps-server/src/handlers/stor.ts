// STOR (RFC 959 §4.1.3): a file from the client, whole or not at all.
import type { CommandContext } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import type { Outcome } from '../outcome.js';
import { uploadOutcome } from '../upload-transfer.js';

export function stor(context: CommandContext): Promise<Outcome> {
  const start = context.session.takeRestart();
  return uploadOutcome(context, (old) => {
    if (start > (old?.sizeBytes ?? 0)) throw new FileSystemError('offset-beyond-end', `${start} is beyond the end`);
    // RFC 3659 §5: REST before STOR goes on where an earlier upload was broken off.
    return start === 0 ? { kind: 'replace' } : { kind: 'resume', start };
  });
}
