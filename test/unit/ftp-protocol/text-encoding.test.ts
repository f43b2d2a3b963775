import { mock } from 'node:test';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeText, encodeCommand, encodeText, LineFramer } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf } from './grammar-error.js';

/** The bytes as the other side has them when Telnet is taken out. */
function overTelnet(bytes: Uint8Array): Uint8Array | undefined {
  const framer = new LineFramer({ maxLineBytes: 10_000 });
  framer.push(Uint8Array.from([...bytes, 0x0a]));
  const line = framer.next();
  return line?.kind === 'line' ? line.bytes : undefined;
}

/** What a decoder makes of it that knows only right and wrong: the longest that is right, else one byte put aside. */
function byTheDecoder(bytes: Uint8Array): string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = [4, 3, 2, 1].find((candidate) => {
      if (at + candidate > bytes.length) return false;
      try {
        return Array.from(strict.decode(bytes.subarray(at, at + candidate))).length === 1;
      } catch {
        return false;
      }
    });
    text += length === undefined ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : '';
    if (length !== undefined) text += strict.decode(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}

describe('text in UTF-8, or byte by byte where it is none', () => {
  it('keeps what is UTF-8, and gives each stray byte a character of its own', () => {
    const bytes = Buffer.concat([Buffer.from('größe-'), Buffer.from([0xfc, 0xe2, 0x82]), Buffer.from('€😀.txt')]);
    expect(decodeText(bytes, 'utf-8-or-bytes')).to.equal('größe-\udcfc\udce2\udc82€😀.txt');
  });

  it('gives every byte string back, as the other side of a control connection reads it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const bytes = noise.filter((byte) => byte !== 0x0a && byte !== 0x0d);
        const sent = encodeText(decodeText(bytes, 'utf-8-or-bytes'), 'utf-8-or-bytes');
        expect(overTelnet(sent)).to.deep.equal(bytes);
      }),
    );
  });

  it('knows what is UTF-8 as the strict decoder does, for every kind of first, second, third and fourth byte', () => {
    const firsts = [0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef];
    firsts.push(0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
    const seconds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    const tails = [0x7f, 0x80, 0xbf, 0xc0];
    const wrong: string[] = [];
    for (const first of firsts) {
      for (const second of seconds) {
        for (const third of tails) {
          const bytes = Uint8Array.of(first, second, third, 0x80);
          if (decodeText(bytes, 'utf-8-or-bytes') !== byTheDecoder(bytes)) wrong.push(bytes.join(' '));
        }
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('is decoded without an error for each stray byte, of which there may be a great many', () => {
    const { mock: decode } = mock.method(TextDecoder.prototype, 'decode');
    const text = decodeText(Buffer.alloc(100_000, 0xff), 'utf-8-or-bytes');
    decode.restore();
    expect(text).to.equal('\udcff'.repeat(100_000));
    expect(decode.callCount()).to.equal(0);
  });

  it('has no way to write CR, LF or NUL, and refuses other halves of surrogate pairs', () => {
    for (let code = 0xd800; code <= 0xdfff; code++) {
      const name = `a${String.fromCharCode(code)}b`;
      if (code < 0xdc80 || code > 0xdcff)
        grammarErrorOf(() => encodeCommand('RETR', name, { encoding: 'utf-8-or-bytes' }));
      else expect(encodeText(name, 'utf-8-or-bytes').some((byte) => byte < 0x20)).to.equal(false);
    }
  });
});
