// What the portable engine reads in a session that node:tls gives it.
import { expect } from 'chai';
import fc from 'fast-check';
import { SessionField, sessionNumber } from '../../../packages/tls-core/src/node/session-der.js';

const fields = Buffer.from('020101' + 'a204' + '02021c20' + 'a904' + '02020e10', 'hex');
const session = Buffer.concat([Buffer.from([0x30, fields.length]), fields]);

describe('a session of node:tls', () => {
  it('says how long it may be resumed, and what the server announced', () => {
    expect(sessionNumber(session, SessionField.timeout)).to.equal(7_200);
    expect(sessionNumber(session, SessionField.lifetimeHint)).to.equal(3_600);
  });

  it('says so too behind the name of the host that newer Nodes write in front', () => {
    const bound = Buffer.concat([Buffer.from('\0nodejs:tls:session:1\0\0\x0a0.example0', 'latin1'), session]);
    expect(sessionNumber(bound, SessionField.lifetimeHint)).to.equal(3_600);
  });

  it('says nothing where it lacks the field, or is cut', () => {
    expect(sessionNumber(Buffer.from('3003020101', 'hex'), SessionField.timeout)).to.equal(undefined);
    for (let bytes = 0; bytes < session.length; bytes++) {
      expect(sessionNumber(session.subarray(0, bytes), SessionField.timeout)).to.equal(undefined);
    }
  });

  it('is read without an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, asSequence) => {
        const body = Buffer.from(bytes);
        const whole = asSequence ? Buffer.concat([Buffer.from([0x30, body.length]), body]) : body;
        const number = sessionNumber(whole, SessionField.timeout);
        expect(number === undefined || Number.isSafeInteger(number)).to.equal(true);
      }),
    );
  });
});
