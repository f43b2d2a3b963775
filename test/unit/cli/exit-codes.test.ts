import { expect } from 'chai';
import {
  AbortedError,
  CertificateError,
  ConfigError,
  ConnectionError,
  HandshakeError,
  IncompleteListingError,
  LimitError,
  LocalFileError,
  LoginError,
  NotResumedError,
  PlaintextInjectionError,
  ProtocolError,
  ReplyError,
  TimeoutError,
  TransferError,
  TruncationError,
  VerificationError,
} from '@ftps-kit/ftps-client';
import { EXIT_CODE_HELP, ExitCode, exitCodeOf } from '../../../bin/src/exit-codes.js';

const reply = { code: 550, lines: ['no'] };
const moved = { bytes: 1, resumable: true };

describe('exit codes', () => {
  it('say what kind of error ended the command', () => {
    for (const [error, code] of [
      [new ConfigError('x'), 1],
      [new LocalFileError('x', 'file'), 1],
      [new ConnectionError('x'), 2],
      [new TimeoutError('connect', 1), 2],
      [new ProtocolError('x'), 2],
      [new LimitError('x'), 2],
      [new CertificateError('x', 'CERT_HAS_EXPIRED'), 3],
      [new HandshakeError('x'), 3],
      [new NotResumedError('x', 'foreign'), 3],
      [new PlaintextInjectionError('x'), 3],
      [new TruncationError('x'), 3],
      [new LoginError('PASS', reply, 'x'), 4],
      [new ReplyError('RETR', reply, 'x'), 5],
      [new TransferError('x', moved), 6],
      [new IncompleteListingError('x', { entries: [], unread: ['?'] }), 6],
      [new VerificationError('x', { ...moved, reason: 'size-differs' }), 7],
      [new AbortedError('x'), 130],
    ] as const) {
      expect(exitCodeOf(error), error.name).to.equal(code);
    }
  });

  it('are 1 for what nobody foresaw', () => {
    expect(exitCodeOf(new TypeError('x'))).to.equal(1);
    expect(exitCodeOf('x')).to.equal(1);
  });

  it('are all documented', () => {
    const documented = EXIT_CODE_HELP.map((line) => Number.parseInt(line, 10));
    expect(documented).to.deep.equal(Object.values(ExitCode));
  });
});
