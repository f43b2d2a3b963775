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

  it('has no way to write CR, LF or NUL, and refuses other halves of surrogate pairs', () => {
    for (let code = 0xd800; code <= 0xdfff; code++) {
      const name = `a${String.fromCharCode(code)}b`;
      if (code < 0xdc80 || code > 0xdcff)
        grammarErrorOf(() => encodeCommand('RETR', name, { encoding: 'utf-8-or-bytes' }));
      else expect(encodeText(name, 'utf-8-or-bytes').some((byte) => byte < 0x20)).to.equal(false);
    }
  });
});
