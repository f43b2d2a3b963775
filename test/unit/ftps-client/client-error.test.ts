// What TypeScript knows of a client's errors is tested by the compiler, which `npm run types` runs over this file.
import { expect } from 'chai';
import type * as client from '@ftps-kit/ftps-client';
import type { FtpsError } from '@ftps-kit/ftps-client';
import {
  AbortedError,
  LoginError,
  NotFoundError,
  ReplyError,
  TimeoutError,
  TransferError,
  VerificationError,
  isFtpsClientError,
  type ClientPhase,
  type FtpsClientError,
} from '@ftps-kit/ftps-client';
import { FileSystemError } from '@ftps-kit/ftps-server';

const reply = { code: 530, lines: ['no'] };
const ended = { bytes: 3, resumable: true };

/** Does not compile unless each code is here and gives what its class alone has. */
function told(error: FtpsClientError): string {
  switch (error.code) {
    case 'FTPS_ERR_TIMEOUT':
      return toldOf(error.phase);
    case 'FTPS_ERR_REPLY':
      return `${error.verb} ${error.reply.code}`;
    case 'FTPS_ERR_LOGIN':
      return `login ${(error satisfies LoginError).reply.code}`;
    case 'FTPS_ERR_TRANSFER':
      return `${error.bytes} bytes`;
    case 'FTPS_ERR_VERIFICATION':
      return error.reason satisfies client.VerificationFailure;
    case 'FTPS_ERR_RENAME':
      return error.wholeAt;
    case 'FTPS_ERR_NOT_FOUND':
    case 'FTPS_ERR_LOCAL_FILE':
      return error.path ?? '';
    case 'FTPS_ERR_INCOMPLETE_LISTING':
      return `${error.unread.length} lines`;
    case 'FTPS_ERR_TLS_CERTIFICATE':
      return error.reason;
    case 'FTPS_ERR_TLS_HANDSHAKE':
      return String(error.isNoTls);
    case 'FTPS_ERR_TLS_NOT_RESUMED':
      return error.verdict;
    case 'FTPS_ERR_UNSAFE_NAME':
      return error.remoteName;
    case 'FTPS_ERR_ABORTED':
    case 'FTPS_ERR_CONFIG':
    case 'FTPS_ERR_CONNECTION':
    case 'FTPS_ERR_LIMIT':
    case 'FTPS_ERR_POOL_EXHAUSTED':
    case 'FTPS_ERR_PROTOCOL':
    case 'FTPS_ERR_REMOTE_CHANGED':
    case 'FTPS_ERR_TLS_PLAINTEXT_INJECTION':
    case 'FTPS_ERR_TLS_TRUNCATION':
    case 'FTPS_ERR_UNSUPPORTED':
      return error.message;
    default:
      return error satisfies never;
  }
}

function toldOf(phase: ClientPhase): string {
  switch (phase) {
    case 'connect':
    case 'tls':
    case 'reply':
    case 'stall':
    case 'close':
    case 'acquire':
      return phase;
    default:
      return phase satisfies never;
  }
}

/** The codes of the classes that ftps-client gives; of FtpsError and TlsError, which are bases, none. */
type ExportedCode = {
  [Name in keyof typeof client]: (typeof client)[Name] extends abstract new (...values: never[]) => infer Instance
    ? Instance extends FtpsError
      ? `FTPS_ERR_${string}` extends Instance['code']
        ? never
        : Instance['code']
      : never
    : never;
}[keyof typeof client];

describe("a client's errors", () => {
  it('are told apart by their codes', () => {
    const errors: readonly [thrown: unknown, text: string][] = [
      [new TimeoutError('stall', 1), 'stall'],
      [new ReplyError('DELE', reply, 'refused'), 'DELE 530'],
      [new LoginError('PASS', reply, 'refused'), 'login 530'],
      [new TransferError('broke off', ended), '3 bytes'],
      [new VerificationError('differs', { ...ended, reason: 'hash-differs' }), 'hash-differs'],
      [new NotFoundError('/a'), '/a'],
      [new AbortedError('aborted'), 'aborted'],
    ];
    for (const [thrown, text] of errors) {
      if (!isFtpsClientError(thrown)) throw new Error(`${String(thrown)} is none`);
      expect(told(thrown)).to.equal(text);
    }
  });

  it('are not those of anybody else', () => {
    const others = [
      new Error('theirs'),
      Object.assign(new Error('theirs'), { code: 'FTPS_ERR_REPLY' }),
      new FileSystemError('not-found', '/a'),
      new TimeoutError('command', 1),
      undefined,
    ];
    for (const other of others) expect(isFtpsClientError(other), String(other)).to.equal(false);
  });

  it('are in the union, every one that the package gives, and can be compared with no code that does not exist', () => {
    type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
    const isComplete: Same<ExportedCode, FtpsClientError['code']> = true;
    expect(isComplete).to.equal(true);
    const isMisspelt = (error: FtpsClientError): boolean =>
      // @ts-expect-error -- it is FTPS_ERR_TIMEOUT
      error.code === 'FTPS_ERR_TIME_OUT';
    expect(isMisspelt(new AbortedError('aborted'))).to.equal(false);
  });
});
