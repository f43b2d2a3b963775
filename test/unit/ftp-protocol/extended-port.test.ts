import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeEprtArgument,
  encodeEpsvArgument,
  encodeExtendedPassiveReply,
  parseEprtArgument,
  parseEpsvArgument,
  parseExtendedPassiveReply,
  type ExtendedPassiveRequest,
} from '@ftps-kit/ftp-protocol';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

const port = fc.integer({ min: 1, max: 65_535 });

describe('EPRT', () => {
  it('reads the examples of RFC 2428 §2', () => {
    expect(parseEprtArgument('|1|132.235.1.2|6275|')).to.deep.equal({ host: '132.235.1.2', port: 6275 });
    expect(parseEprtArgument('|2|1080::8:800:200C:417A|5282|')).to.deep.equal({
      host: '1080::8:800:200C:417A',
      port: 5282,
    });
  });

  it('takes any printable ASCII character that the fields do not hold as delimiter', () => {
    for (let code = 33; code <= 126; code++) {
      const d = String.fromCharCode(code);
      if ('0123456789.'.includes(d)) continue;
      expect(parseEprtArgument(`${d}1${d}10.0.0.1${d}21${d}`), d).to.deep.equal({ host: '10.0.0.1', port: 21 });
    }
    for (const d of [' ', '\t', '\x7f', 'é', '😀'])
      grammarErrorOf(() => parseEprtArgument(`${d}1${d}10.0.0.1${d}21${d}`));
  });

  it('refuses with 522 a protocol it does not know, and with 501 what is out of form', () => {
    expect(grammarErrorOf(() => parseEprtArgument('|3|10.0.0.1|21|')).replyCode).to.equal(522);
    for (const argument of [
      '',
      '|',
      '|1|10.0.0.1|21',
      '|1|10.0.0.1|21||',
      ' |1|10.0.0.1|21|',
      '|1|10.0.0.1|21| ',
      '|1|10.0.0.1|0|',
      '|1|10.0.0.1|65536|',
      '|1|10.0.0.1|+21|',
      '|1|10.0.0.1|0x21|',
      '|1|10.0.0.1||',
      '|1|10.0.0.256|21|',
      '|1|010.0.0.1|21|',
      '|1|::1|21|',
      '|2|10.0.0.1|21|',
      '|2|fe80::1%eth0|21|',
      '|2|[::1]|21|',
      '|x|10.0.0.1|21|',
      '||10.0.0.1|21|',
    ]) {
      expect(grammarErrorOf(() => parseEprtArgument(argument)).replyCode, argument).to.equal(501);
    }
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (host, number) => {
        expect(parseEprtArgument(encodeEprtArgument({ host, port: number }))).to.deep.equal({ host, port: number });
      }),
    );
    grammarErrorOf(() => encodeEprtArgument({ host: 'localhost', port: 21 }));
    grammarErrorOf(() => encodeEprtArgument({ host: '::1', port: 0 }));
  });

  it('is written without the zone of a link-local address, which means nothing to the other side', () => {
    expect(encodeEprtArgument({ host: 'fe80::1%eth0', port: 6275 })).to.equal('|2|fe80::1|6275|');
  });

  it('answers any argument with an address or a GrammarError', () => {
    fc.assert(fc.property(fc.string(), (text) => void unlessGrammarError(() => parseEprtArgument(text))));
    fc.assert(
      fc.property(fc.stringMatching(/^\|[12]\|[0-9a-f.:]*\|[0-9]*\|$/), (text) => {
        unlessGrammarError(() => parseEprtArgument(text));
      }),
    );
  });
});

describe('EPSV', () => {
  it('asks for the protocol of the control connection, for another, or for EPSV alone', () => {
    expect(parseEpsvArgument(undefined)).to.deep.equal({ kind: 'default' });
    expect(parseEpsvArgument('')).to.deep.equal({ kind: 'default' });
    expect(parseEpsvArgument('1')).to.deep.equal({ kind: 'family', family: 4 });
    expect(parseEpsvArgument('2')).to.deep.equal({ kind: 'family', family: 6 });
    expect(parseEpsvArgument('all')).to.deep.equal({ kind: 'all' });
  });

  it('refuses with 522 a protocol it does not know, and with 501 anything else', () => {
    expect(grammarErrorOf(() => parseEpsvArgument('3')).replyCode).to.equal(522);
    for (const argument of ['ALL ', ' 1', 'x', '-1', '1.0']) {
      expect(grammarErrorOf(() => parseEpsvArgument(argument)).replyCode).to.equal(501);
    }
  });

  it('is read back as it was written', () => {
    const requests: ExtendedPassiveRequest[] = [
      { kind: 'default' },
      { kind: 'all' },
      { kind: 'family', family: 4 },
      { kind: 'family', family: 6 },
    ];
    for (const request of requests) expect(parseEpsvArgument(encodeEpsvArgument(request))).to.deep.equal(request);
  });
});

describe('the 229 reply', () => {
  it('reads the example of RFC 2428 §3, and other delimiters', () => {
    expect(parseExtendedPassiveReply('Entering Extended Passive Mode (|||6446|)')).to.equal(6446);
    expect(parseExtendedPassiveReply('Passiv (2) (!!!21!) los')).to.equal(21);
  });

  it('is refused without a port, with one out of range, and with fields that MUST be blank', () => {
    for (const text of ['Entering', '(|||0|)', '(|||65536|)', '(||||)', '(|||21)', '|||21|', '(|1||21|)', '(||!21|)']) {
      grammarErrorOf(() => parseExtendedPassiveReply(text));
    }
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(port, (number) => {
        expect(parseExtendedPassiveReply(encodeExtendedPassiveReply(number))).to.equal(number);
      }),
    );
    grammarErrorOf(() => encodeExtendedPassiveReply(0));
  });
});
