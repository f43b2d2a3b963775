import { expect } from 'chai';
import fc from 'fast-check';
import { LineFramer, type LineFramerOptions } from '@ftps-kit/ftp-protocol';
import { everySplit } from '../../support/every-split.js';

const IAC = 0xff;
const IP = 0xf4;
const DM = 0xf2;
const NOP = 0xf1;
const WILL = 0xfb;
const DONT = 0xfe;

/** Strings as latin1, numbers as bytes. */
function bytesOf(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : Array.from(Buffer.from(part, 'latin1')))),
  );
}

/** What a framer gives for the chunks: lines as latin1, null for an overlong one, and what it ended with. */
function frame(chunks: Iterable<Uint8Array>, options: LineFramerOptions) {
  const framer = new LineFramer(options);
  const lines: (string | null)[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let line = framer.next(); line !== undefined; line = framer.next()) {
      lines.push(line.kind === 'line' ? Buffer.from(line.bytes).toString('latin1') : null);
    }
  }
  const buffered = framer.bufferedBytes;
  const rest = framer.finish();
  return { lines, buffered, rest: rest && Buffer.from(rest.bytes).toString('latin1') };
}

function expectForEverySplit(
  bytes: Uint8Array,
  expected: Partial<ReturnType<typeof frame>>,
  options: LineFramerOptions = { maxLineBytes: 64 },
): void {
  for (const chunks of everySplit(bytes)) expect(frame(chunks, options)).to.deep.include(expected);
}

describe('LineFramer', () => {
  it('gives the same lines for every split, whether they end with CRLF or with LF alone', () => {
    expectForEverySplit(bytesOf('USER a\r\n\r\nPASS b\n\nNOOP\r\n'), {
      lines: ['USER a', '', 'PASS b', '', 'NOOP'],
      buffered: 0,
      rest: undefined,
    });
  });

  it('takes exactly one CR with the LF, and leaves other CRs and NULs to the parser', () => {
    expectForEverySplit(bytesOf('a\r\r\nb\rc\0\r\n'), { lines: ['a\r', 'b\rc\0'] });
  });

  it('reports an overlong line once, in its place, and goes on with the next', () => {
    const long = 'x'.repeat(40);
    for (const end of ['\r\n', '\n']) {
      expectForEverySplit(
        bytesOf('NOOP', end, long, end, 'QUIT', end, long, end, 'A', end),
        { lines: ['NOOP', null, 'QUIT', null, 'A'], buffered: 0 },
        { maxLineBytes: 8 },
      );
    }
  });

  it('takes a line that is exactly as long as the bound, and none that is longer by one', () => {
    for (const end of ['\r\n', '\n']) {
      expectForEverySplit(
        bytesOf('12345678', end, '123456789', end, '1234567', end),
        { lines: ['12345678', null, '1234567'] },
        { maxLineBytes: 8 },
      );
    }
  });

  it('reports an endless line while it is still coming, and keeps none of it', () => {
    const framer = new LineFramer({ maxLineBytes: 100 });
    const chunk = new Uint8Array(1000).fill(0x61);
    framer.push(chunk);
    expect(framer.next()).to.deep.equal({ kind: 'overlong', maxLineBytes: 100 });
    for (let count = 0; count < 1000; count++) {
      framer.push(chunk);
      expect(framer.next()).to.equal(undefined);
    }
    expect(framer.bufferedBytes).to.equal(1_001_000);
    framer.push(bytesOf('\r\nQUIT\r\n'));
    expect(framer.next()).to.deep.equal({ kind: 'line', bytes: bytesOf('QUIT') });
    expect(framer.bufferedBytes).to.equal(0);
  });

  it('counts every byte behind the line that was taken, be it a line, a beginning or a Telnet command', () => {
    for (const behind of [
      bytesOf('x'),
      bytesOf('\n'),
      bytesOf('USER a\r\n'),
      bytesOf('USER a\r\nPA'),
      bytesOf(IAC),
      bytesOf(IAC, NOP),
    ]) {
      const framer = new LineFramer({ maxLineBytes: 64 });
      framer.push(bytesOf('AUTH TLS\r\n'));
      framer.push(behind);
      expect(framer.next()?.kind).to.equal('line');
      expect(framer.bufferedBytes).to.equal(behind.length);
    }
  });

  it('still counts a beginning, an overlong one too, after it was looked at', () => {
    for (const beginning of [bytesOf('PA'), bytesOf(IAC, NOP), bytesOf('x'.repeat(50)), bytesOf('\r')]) {
      const framer = new LineFramer({ maxLineBytes: 8 });
      framer.push(beginning);
      while (framer.next() !== undefined);
      expect(framer.bufferedBytes).to.equal(beginning.length);
    }
  });

  it('tells at the end what was left of an unfinished line, and is empty then', () => {
    expectForEverySplit(bytesOf('NOOP\r\n226 Transfer comp'), { lines: ['NOOP'], rest: '226 Transfer comp' });
    const framer = new LineFramer({ maxLineBytes: 8 });
    framer.push(bytesOf('x'.repeat(50)));
    framer.next();
    expect(framer.finish()).to.deep.equal({ kind: 'unfinished', bytes: new Uint8Array(0) });
    expect(framer.bufferedBytes).to.equal(0);
    framer.push(bytesOf('NOOP\r\n'));
    expect(framer.next()).to.deep.equal({ kind: 'line', bytes: bytesOf('NOOP') });
  });

  it('gives lines that later pushes do not change, and keeps none of the chunk it was given', () => {
    const framer = new LineFramer({ maxLineBytes: 64 });
    const chunk = bytesOf('USER a\r\nPASS b\r\n');
    framer.push(chunk);
    const first = framer.next();
    chunk.fill(0x21);
    framer.push(bytesOf('QUIT\r\n'.repeat(20)));
    expect(first).to.deep.equal({ kind: 'line', bytes: bytesOf('USER a') });
    expect(framer.next()).to.deep.equal({ kind: 'line', bytes: bytesOf('PASS b') });
  });

  it('refuses a bound that is not a positive integer', () => {
    for (const maxLineBytes of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => new LineFramer({ maxLineBytes })).to.throw(RangeError);
    }
  });

  it('agrees, whatever the bytes and their chunks, with the bytes taken as one', () => {
    const noise = fc.array(fc.constantFrom(0x0a, 0x0d, IAC, IP, DM, WILL, 0x41, 0x20, 0x00), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 8 }), fc.integer({ min: 1, max: 12 }), (parts, maxLineBytes) => {
        const chunks = parts.map((part) => Uint8Array.from(part));
        const whole = Uint8Array.from(parts.flat());
        expect(frame(chunks, { maxLineBytes })).to.deep.equal(frame([whole], { maxLineBytes }));
      }),
    );
  });

  it('keeps the order and the count when many chunks wait before the first is taken', () => {
    const framer = new LineFramer({ maxLineBytes: 64 });
    const lines = Array.from({ length: 3000 }, (_, index) => `NOOP ${index}`);
    let total = 0;
    for (const byte of bytesOf(lines.join('\r\n') + '\r\n')) {
      framer.push(Uint8Array.of(byte));
      total++;
    }
    for (const expected of lines) {
      expect(framer.bufferedBytes).to.equal(total);
      const line = framer.next();
      expect(line).to.deep.equal({ kind: 'line', bytes: bytesOf(expected) });
      total -= expected.length + 2;
      framer.push(bytesOf('Q'));
      total++;
    }
    expect(framer.bufferedBytes).to.equal(3000);
  });
});

describe('LineFramer and Telnet', () => {
  it('takes IAC IAC for the byte 0xFF', () => {
    expectForEverySplit(bytesOf('CWD a', IAC, IAC, 'b', IAC, IAC, '\r\n'), { lines: ['CWD a\xffb\xff'] });
  });

  it('removes the interrupt and Synch that clients send before ABOR (RFC 959 §4.1.3)', () => {
    expectForEverySplit(bytesOf(IAC, IP, IAC, DM, 'ABOR\r\nNOOP\r\n'), { lines: ['ABOR', 'NOOP'] });
  });

  it('removes what is left of a Synch when the socket has swallowed its urgent byte', () => {
    expectForEverySplit(bytesOf(IAC, IP, IAC, 'ABOR\r\n'), { lines: ['ABOR'] });
    expectForEverySplit(bytesOf(IAC, IP, DM, 'ABOR\r\n'), { lines: ['ABOR'] });
  });

  it('removes WILL, WONT, DO and DONT with the option behind them, and other commands alone', () => {
    for (let verb = WILL; verb <= DONT; verb++) {
      expectForEverySplit(bytesOf('NO', IAC, verb, 0x41, 'OP\r\n'), { lines: ['NOOP'] });
    }
    expectForEverySplit(bytesOf(IAC, NOP, 'NO', IAC, NOP, 'OP', IAC, NOP, '\r\n'), { lines: ['NOOP'] });
  });

  it('ends a line at every LF, even as the option of a Telnet request', () => {
    expectForEverySplit(bytesOf('USER a', IAC, WILL, '\nUSER b\r\n'), { lines: ['USER a', 'USER b'] });
    expectForEverySplit(bytesOf('USER a', IAC, WILL, '\r\nUSER b\r\n'), { lines: ['USER a', 'USER b'] });
    expectForEverySplit(bytesOf('USER a', IAC, '\r\nUSER b\r\n'), { lines: ['USER a\xff', 'USER b'] });
  });

  it('keeps an IAC that begins no command, as latin1 names have it', () => {
    expectForEverySplit(bytesOf('RETR a', IAC, 'b\r\n'), { lines: ['RETR a\xffb'] });
    expectForEverySplit(bytesOf('RETR ', DM, 'b\r\n'), { lines: ['RETR \xf2b'] });
  });

  it('leaves every byte alone with telnet: false', () => {
    expectForEverySplit(
      bytesOf('220 ', IAC, IAC, IAC, IP, DM, '\r\n'),
      { lines: ['220 \xff\xff\xff\xf4\xf2'] },
      { maxLineBytes: 64, telnet: false },
    );
  });

  it('bounds a flood of Telnet commands like any other line', () => {
    const flood = bytesOf(...Array.from({ length: 50 }, () => [IAC, NOP]).flat(), '\r\nNOOP\r\n');
    expectForEverySplit(flood, { lines: [null, 'NOOP'] }, { maxLineBytes: 20 });
  });
});
