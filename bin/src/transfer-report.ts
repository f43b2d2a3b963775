// How a finished transfer is told.
import type { TransferResult, Verified } from '@ftps-kit/ftps-client';
import { formatBytes, formatDuration } from './format.js';
import type { Report } from './report.js';

/** What was moved, from where to where. */
export interface Moved {
  readonly event: 'downloaded' | 'uploaded';
  readonly from: string;
  readonly to: string;
}

/** Says what was moved, and what the result proves: the TLS session, and the check of the size. */
export function reportTransfer(report: Report, moved: Moved, result: TransferResult): void {
  const { handshake } = result;
  const proofs = [
    handshake?.protocol,
    handshake?.cipherSuite,
    result.resumed ? 'resumed' : 'not resumed',
    result.verified.by === 'nothing' ? 'unverified' : `${proofOf(result.verified)} verified`,
  ].filter((proof) => proof !== undefined);
  report.say(
    {
      ...moved,
      bytes: result.bytes,
      durationMs: Math.round(result.durationMs),
      protocol: handshake?.protocol,
      cipherSuite: handshake?.cipherSuite,
      resumed: result.resumed,
      ticketSource: result.ticketSource,
      closure: result.closure,
      verified: proofOf(result.verified),
    },
    `${moved.from} -> ${moved.to}  ${formatBytes(result.bytes)} in ${formatDuration(result.durationMs)}  ` +
      report.colours.dim(`(${proofs.join(', ')})`),
  );
  if (!result.resumed && handshake !== undefined) {
    report.warn('the data connection did not resume the TLS session: the server does not bind it to your login');
  }
}

/** In one word. */
function proofOf(verified: Verified): string {
  switch (verified.by) {
    case 'hash':
      return verified.algorithm;
    case 'size':
      return 'size';
    case 'nothing':
      return 'unverified';
  }
}
