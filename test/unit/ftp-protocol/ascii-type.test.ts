import { expect } from 'chai';
import fc from 'fast-check';
import { AsciiDecoder, AsciiEncoder } from '@ftps-kit/ftp-protocol';
import { everySplit } from '../../support/every-split.js';

function encode(pieces: readonly Uint8Array[]): string {
  const encoder = new AsciiEncoder();
  return Buffer.concat(pieces.map((piece) => Buffer.from(encoder.encode(piece)))).toString('latin1');
}

function decode(pieces: readonly Uint8Array[]): string {
  const decoder = new AsciiDecoder();
  const decoded = pieces.map((piece) => Buffer.from(decoder.decode(piece)));
  return Buffer.concat([...decoded, decoder.finish()]).toString('latin1');
}

describe('TYPE A', () => {
  const toNetwork: readonly (readonly [file: string, sent: string])[] = [
    ['', ''],
    ['no line', 'no line'],
    ['one\n', 'one\r\n'],
    ['one\ntwo\n\nfour', 'one\r\ntwo\r\n\r\nfour'],
    ['\n\n\n', '\r\n\r\n\r\n'],
    ['with\r\nCRLF\r\n', 'with\r\nCRLF\r\n'],
    ['mixed\r\nand\n\r\n\n', 'mixed\r\nand\r\n\r\n\r\n'],
    ['a lone \r in it\n\r', 'a lone \r in it\r\n\r'],
    ['\r\r\n', '\r\r\n'],
  ];
  for (const [file, sent] of toNetwork) {
    it(`sends ${JSON.stringify(file)} as ${JSON.stringify(sent)}, however the file is read`, () => {
      for (const pieces of everySplit(Buffer.from(file, 'latin1'))) expect(encode(pieces)).to.equal(sent);
    });
  }

  const fromNetwork: readonly (readonly [sent: string, file: string])[] = [
    ['', ''],
    ['no line', 'no line'],
    ['one\r\n', 'one\n'],
    ['one\r\ntwo\r\n\r\nfour', 'one\ntwo\n\nfour'],
    ['\r\n\r\n', '\n\n'],
    ['without CR\n', 'without CR\n'],
    ['a lone \r in it\r\n', 'a lone \r in it\n'],
    ['at the end \r', 'at the end \r'],
    ['\r', '\r'],
    ['\r\r\n', '\r\n'],
    ['\r\r\r', '\r\r\r'],
    ['\r\n\r', '\n\r'],
  ];
  for (const [sent, file] of fromNetwork) {
    it(`takes ${JSON.stringify(sent)} for ${JSON.stringify(file)}, however it comes`, () => {
      for (const pieces of everySplit(Buffer.from(sent, 'latin1'))) expect(decode(pieces)).to.equal(file);
    });
  }

  /** Bytes in which line ends and their pieces are common, cut anywhere. */
  const pieces = fc
    .array(fc.array(fc.constantFrom(0x0a, 0x0d, 0x41, 0xff), { maxLength: 12 }), { maxLength: 6 })
    .map((arrays) => arrays.map((bytes) => Uint8Array.from(bytes)));

  it('does the same however bytes are cut, and loses nothing but the CR of a line end', () => {
    fc.assert(
      fc.property(pieces, (some) => {
        const whole = [Buffer.concat(some)];
        expect(encode(some)).to.equal(encode(whole));
        expect(decode(some)).to.equal(decode(whole));
        expect(decode(some)).to.equal(Buffer.concat(some).toString('latin1').replaceAll('\r\n', '\n'));
      }),
    );
  });

  it('gives back a file whose lines end by LF as it was', () => {
    fc.assert(
      fc.property(pieces, (some) => {
        const file = Buffer.concat(some).toString('latin1').replaceAll(/\r+\n/g, '\n');
        expect(decode([Buffer.from(encode([Buffer.from(file, 'latin1')]), 'latin1')])).to.equal(file);
      }),
    );
  });

  it('leaves the bytes that it is given alone', () => {
    const chunk = Buffer.from('a\r\nb\n\r');
    encode([chunk]);
    decode([chunk]);
    expect(chunk.toString()).to.equal('a\r\nb\n\r');
  });
});
