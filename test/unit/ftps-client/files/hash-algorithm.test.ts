import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import {
  HASH_ALGORITHMS,
  StreamHash,
  hashAlgorithm,
} from '../../../../packages/ftps-client/src/files/hash-algorithm.js';

const text = Buffer.from('123456789');

describe('the hash of a stream', () => {
  it('is that of the whole, by every algorithm', () => {
    const values = Object.fromEntries(
      HASH_ALGORITHMS.map((algorithm) => {
        const hash = new StreamHash(algorithm);
        hash.update(text.subarray(0, 4), 0);
        hash.update(text.subarray(4), 4);
        return [algorithm, hash.value()];
      }),
    );
    expect(values).to.deep.equal({
      'SHA-256': createHash('sha256').update(text).digest('hex'),
      'SHA-512': createHash('sha512').update(text).digest('hex'),
      'SHA-1': 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
      MD5: '25f9e794323b453885f5181f1b624d0b',
      // The check value that the catalogues of CRCs give for these digits.
      CRC32: 'cbf43926',
    });
  });

  it('takes bytes that came before once', () => {
    const bytes = randomBytes(1000);
    const hash = new StreamHash('SHA-256');
    hash.update(bytes.subarray(0, 600), 0);
    hash.update(bytes.subarray(200, 500), 200);
    hash.update(bytes.subarray(400), 400);
    expect(hash.bytes).to.equal(1000);
    expect(hash.value()).to.equal(createHash('sha256').update(bytes).digest('hex'));
  });

  it('takes nothing behind a gap', () => {
    const hash = new StreamHash('MD5');
    expect(() => {
      hash.update(text, 1);
    }).to.throw(RangeError);
  });

  it('can be asked in between, and begun anew', () => {
    const hash = new StreamHash('CRC32');
    hash.update(Buffer.from('12'), 0);
    expect(hash.value()).to.equal('4f5344cd');
    hash.update(Buffer.from('3456789'), 2);
    expect(hash.value()).to.equal('cbf43926');
    hash.restart();
    expect(hash.bytes).to.equal(0);
    expect(hash.value()).to.equal('00000000');
  });

  it('is known by its names in any form', () => {
    for (const name of ['SHA-256', 'sha256', 'Sha-256']) expect(hashAlgorithm(name)).to.equal('SHA-256');
    expect(hashAlgorithm('WHIRLPOOL')).to.equal(undefined);
  });
});
