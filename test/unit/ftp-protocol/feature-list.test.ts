import { expect } from 'chai';
import { encodeFeatures, LineFramer, parseFeatures, ReplyParser, type Reply } from '@ftps-kit/ftp-protocol';
import { everySplit } from '../../support/every-split.js';
import { grammarErrorOf } from './grammar-error.js';

/** The one reply in the chunks. */
function receive(chunks: Iterable<Uint8Array>): Reply | undefined {
  const framer = new LineFramer({ maxLineBytes: 200 });
  const parser = new ReplyParser();
  for (const chunk of chunks) framer.push(chunk);
  let reply: Reply | undefined;
  for (let line = framer.next(); line !== undefined; line = framer.next()) reply = parser.push(line);
  return reply;
}

describe('the reply to FEAT', () => {
  it('is one feature a line, behind one space (RFC 2389 §3.2)', () => {
    const text = Buffer.from(encodeFeatures(['MLST type*;size*;', 'REST STREAM', 'UTF8'])).toString();
    expect(text).to.match(/^211-[^\r\n]*\r\n MLST type\*;size\*;\r\n REST STREAM\r\n UTF8\r\n211 End\r\n$/);
  });

  it('is one line without features', () => {
    expect(Buffer.from(encodeFeatures([])).toString()).to.match(/^211 [^\r\n]*\r\n$/);
  });

  it('is read back as it was written, for every split', () => {
    for (const chunks of everySplit(encodeFeatures(['MLST type*;size*;', 'REST STREAM', 'UTF8']))) {
      const reply = receive(chunks);
      expect(reply && Array.from(parseFeatures(reply))).to.deep.equal([
        ['MLST', 'type*;size*;'],
        ['REST', 'STREAM'],
        ['UTF8', ''],
      ]);
    }
  });

  it('keeps all parameters of a feature that comes in several lines', () => {
    const features = parseFeatures({ code: 211, lines: ['F', ' AUTH SSL', ' AUTH TLS', ' PBSZ', ' PROT', 'End'] });
    expect(features.get('AUTH')).to.equal('SSL;TLS');
  });

  it('is read with labels in any case, and with any blanks around them', () => {
    const features = parseFeatures({ code: 211, lines: ['F', 'size', '  mdtm ', '', '\tTvfs', 'End'] });
    expect(Array.from(features.keys())).to.deep.equal(['SIZE', 'MDTM', 'TVFS']);
  });

  it('holds no features in one line, nor under another code', () => {
    expect(parseFeatures({ code: 211, lines: ['No features'] }).size).to.equal(0);
    expect(parseFeatures({ code: 502, lines: ['F', ' SIZE', 'End'] }).size).to.equal(0);
  });

  it('is not written with a line that is no feature', () => {
    for (const feature of ['', ' SIZE', 'SIZE ', 'A\r\n211 End', 'É', 'A\0'])
      grammarErrorOf(() => encodeFeatures([feature]));
  });
});
