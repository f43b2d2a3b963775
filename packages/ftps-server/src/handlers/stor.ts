// STOR (RFC 959 §4.1.3): a file from the client, whole or not at all.
import type { CommandContext } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import type { WriteMode } from '../file-system.js';
import type { Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';
import { takeRestart } from '../restart.js';
import { uploadOutcome } from '../upload-transfer.js';

export function stor(context: CommandContext): Promise<Outcome> {
  return storeFrom(context, { kind: 'replace' });
}

/** RFC 3659 §5: REST before it goes on where an earlier upload was broken off; else the file is opened in this mode. */
export async function storeFrom(context: CommandContext, withoutRestart: WriteMode): Promise<Outcome> {
  const start = takeRestart(context.session);
  return uploadOutcome(context, {
    path: argumentPath(context),
    modeFor: (old) => {
      if (start > (old?.sizeBytes ?? 0)) throw new FileSystemError('offset-beyond-end', `${start} is beyond the end`);
      return start === 0 ? withoutRestart : { kind: 'resume', start };
    },
  });
}
