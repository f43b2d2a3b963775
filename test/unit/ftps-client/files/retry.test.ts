import { expect } from 'chai';
import {
  AbortedError,
  CertificateError,
  ConfigError,
  ConnectionError,
  HandshakeError,
  LocalFileError,
  LoginError,
  NotResumedError,
  ProtocolError,
  ReplyError,
  TimeoutError,
  TransferError,
  TruncationError,
  VerificationError,
  type AttemptEvent,
} from '@ftps-kit/ftps-client';
import { outgoing } from '../../../../packages/ftps-client/src/control/outgoing-command.js';
import { backoffMs, isTransient, parseRetry, withAttempts } from '../../../../packages/ftps-client/src/files/retry.js';
import { refusalOf } from '../../../../packages/ftps-client/src/transfer/transfer-failure.js';
import { rejection } from '../../../support/rejection.js';

const reply = (code: number) => ({ code, lines: ['x'] });
const refusal = (code: number) => new ReplyError('RETR', reply(code), 'no');
const broken = (cause: Error, resumable = true) => new TransferError('x', { bytes: 1, resumable, cause });

describe('an error', () => {
  const passing: readonly (readonly [string, Error])[] = [
    ['a lost connection', new ConnectionError('x')],
    ['a time limit', new TimeoutError('stall', 1)],
    ['a cut', new TruncationError('x')],
    ['a handshake that failed where one worked before', new HandshakeError('x')],
    ...[421, 425, 426, 450].map((code) => [`${code}`, refusal(code)] as const),
    ['a transfer that broke by a lost connection', broken(new ConnectionError('x'))],
    ['451 in the middle of a transfer', broken(refusal(451))],
    ['too few bytes', new VerificationError('x', { bytes: 1, resumable: true, reason: 'size-differs' })],
  ];
  for (const [what, error] of passing) {
    it(`is worth another attempt: ${what}`, () => {
      expect(isTransient(error)).to.equal(true);
    });
  }

  const staying: readonly (readonly [string, Error])[] = [
    ['an abort', new AbortedError('x')],
    ['a wrong option', new ConfigError('x')],
    ['a certificate', new CertificateError('x', 'CERT_HAS_EXPIRED')],
    ['a data connection that did not resume', new NotResumedError('x', 'full-handshake')],
    ['a full disk here', new LocalFileError('x', 'a')],
    ['a broken server', new ProtocolError('x')],
    ['a wrong password', new LoginError('PASS', reply(530), 'x')],
    ...[430, 451, 452, 500, 530, 550, 552, 553].map((code) => [`${code}`, refusal(code)] as const),
    ['a full disk over there', broken(refusal(552), false)],
    ['a full disk over there, said softly', broken(refusal(452))],
    ['another hash', new VerificationError('x', { bytes: 1, resumable: false, reason: 'hash-differs' })],
    ['what a callback threw', new Error('enough')],
  ];
  for (const [what, error] of staying) {
    it(`is to be told at once: ${what}`, () => {
      expect(isTransient(error)).to.equal(false);
    });
  }
});

describe('a code that speaks of the file', () => {
  const state = { command: outgoing('RETR', 'a'), bytes: 1, safeBytes: 1, connected: true };
  const refused = (text: string) =>
    refusalOf({ code: 551, lines: [text] }, { ...state, begun: true, isProtected: true, handshake: undefined });

  for (const text of ['write ECONNRESET', 'write EPIPE', 'This socket has been ended by the other party']) {
    it(`is worth another attempt where its text speaks of a lost connection: ${text}`, () => {
      expect(isTransient(refused(text))).to.equal(true);
    });
  }

  it('is about no TLS session where bytes came before it', () => {
    const spoken = { code: 425, lines: ['session ended, resume later'] };
    const told = { begun: true, isProtected: true, handshake: undefined };
    expect(refusalOf(spoken, { ...state, ...told }))
      .to.be.instanceOf(TransferError)
      .and.include({ safeBytes: 1, resumable: true });
    expect(refusalOf(spoken, { ...state, ...told, bytes: 0 })).to.be.instanceOf(NotResumedError);
  });

  for (const text of ['TLS session of data connection not resumed.', 'SSL: reuse it', 'session reuse wanted']) {
    it(`is about the TLS session where it says so: ${text}`, () => {
      const told = { ...state, bytes: 0, begun: false, isProtected: true, handshake: undefined };
      expect(refusalOf({ code: 425, lines: [text] }, told)).to.be.instanceOf(NotResumedError);
      // The other way round it is about something else.
      const turned = text.split(' ').reverse().join(' ');
      expect(refusalOf({ code: 425, lines: [turned] }, told)).not.to.be.instanceOf(NotResumedError);
    });
  }

  for (const word of ['TLS ', 'session']) {
    it(`is understood in no time, however often it says ${word.trim()}`, () => {
      const told = { ...state, bytes: 0, begun: false, isProtected: true, handshake: undefined };
      const startedAt = performance.now();
      refusalOf({ code: 425, lines: Array.from({ length: 60 }, () => word.repeat(2_000)) }, told);
      expect(performance.now() - startedAt).to.be.below(1_000);
    });
  }

  it('is the last word where it does not', () => {
    expect(isTransient(refused('page type unknown'))).to.equal(false);
  });
});

describe('waiting before another attempt', () => {
  const closed = new AbortController().signal;

  it('doubles up to its bound, and leaves up to a half to chance', () => {
    const delays = (random: number) => {
      const policy = parseRetry({ firstDelayMs: 100, maxDelayMs: 1000, random: () => random });
      return [1, 2, 3, 4, 5, 6].map((failed) => backoffMs(policy, failed));
    };
    expect(delays(0)).to.deep.equal([100, 200, 400, 800, 1000, 1000]);
    expect(delays(0.999_999)).to.deep.equal([50, 100, 200, 400, 500, 500]);
  });

  it('ends at once with the signal, also where a wait of the caller does not look at it', async () => {
    const controller = new AbortController();
    const policy = parseRetry({ attempts: 2, wait: () => new Promise(() => undefined) });
    const onAttempt = (): void => {
      queueMicrotask(() => {
        controller.abort();
      });
    };
    const once = () => Promise.reject(new ConnectionError('x'));
    const attempts = { policy, signal: controller.signal, closed, onAttempt, obstacle: () => undefined };
    expect(await rejection(withAttempts(attempts, once))).to.be.instanceOf(AbortedError);
  });

  it('ends at once where the client is closed', async () => {
    const controller = new AbortController();
    const policy = parseRetry({ attempts: 2, wait: () => new Promise(() => undefined) });
    const reasons: unknown[] = [];
    const attempts = {
      ...{ policy, signal: undefined, closed: controller.signal, obstacle: () => undefined },
      onAttempt: (event: AttemptEvent) => {
        if (event.state === 'failed') reasons.push(event.reason);
        queueMicrotask(() => {
          controller.abort();
        });
      },
    };
    const once = () => Promise.reject(new ConnectionError('x'));
    expect(await rejection(withAttempts(attempts, once))).to.be.instanceOf(ConnectionError);
    expect(await rejection(withAttempts(attempts, once))).to.have.property('message', 'x');
    expect(reasons).to.deep.equal([undefined, 'closed']);
  });

  it('is not begun where the signal has fired', async () => {
    const policy = parseRetry({ attempts: 2, wait: () => Promise.resolve() });
    const attempts = { policy, signal: AbortSignal.abort(), closed, onAttempt: undefined, obstacle: () => undefined };
    let calls = 0;
    const once = () => {
      calls += 1;
      return Promise.reject(new ConnectionError('x'));
    };
    expect(await rejection(withAttempts(attempts, once))).to.be.instanceOf(AbortedError);
    expect(calls).to.equal(1);
  });
});

describe('the option retry', () => {
  it('is one attempt by default, a number of them, or more', () => {
    expect(parseRetry(undefined)).to.include({ attempts: 1 });
    expect(parseRetry(7)).to.include({ attempts: 7, firstDelayMs: 1000, maxDelayMs: 60_000 });
    expect(parseRetry({})).to.include({ attempts: 5 });
  });

  it('refuses what cannot be meant', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, { attempts: 0 }, { firstDelayMs: -1 }, { maxDelayMs: Infinity }]) {
      expect(() => parseRetry(wrong)).to.throw(ConfigError);
    }
    expect(() => parseRetry({ tries: 3 } as object)).to.throw(ConfigError, 'tries');
  });
});
