import { createHash, randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { ConfigError, VerificationError, type VerifyMode } from '@ftps-kit/ftps-client';
import { StreamHash } from '../../../../packages/ftps-client/src/files/hash-algorithm.js';
import { verifyFile } from '../../../../packages/ftps-client/src/files/verify.js';
import type { LoginContext } from '../../../../packages/ftps-client/src/login/login-context.js';
import { HASHING_FEATURES, withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';

const content = randomBytes(50_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');

/** Downloads `a b` from a server with these features, to nowhere. */
async function verifying(
  {
    features,
    verify,
    fault,
  }: { readonly features: readonly string[]; readonly verify?: VerifyMode; readonly fault?: Fault },
  look: (outcome: {
    readonly verified?: unknown;
    readonly error?: unknown;
    readonly commands: readonly string[];
  }) => void,
): Promise<void> {
  const files = { 'a b': content };
  await withFaultyServer(
    { tls: false, files, features: [...features], ...(fault && { fault }) },
    async (client, server) => {
      const options = verify === undefined ? {} : { verify };
      const outcome = await client
        .download('a b', new PassThrough().on('error', () => undefined).resume(), options)
        .then(
          ({ verified }) => ({ verified }),
          (error: unknown) => ({ error }),
        );
      look({ ...outcome, commands: server.commands });
    },
  );
}

function answering(verb: string, reply: string): Fault {
  return async (command) => {
    if (command.verb === verb) await command.peer.say(`${reply}\r\n`);
    return command.verb === verb;
  };
}

describe('the check of a transfer', () => {
  it('is by the best hash that HASH has, which is selected first', async () => {
    await verifying({ features: HASHING_FEATURES }, ({ verified, commands }) => {
      expect(verified).to.deep.equal({ by: 'hash', algorithm: 'SHA-256', value: sha256 });
      expect(commands).to.deep.equal(['SIZE a b', 'RETR a b', 'OPTS HASH SHA-256', 'HASH a b']);
    });
  });

  it('selects no algorithm that is selected already', async () => {
    await verifying(
      { features: ['EPSV', 'HASH MD5*'], fault: answering('HASH', `213 MD5 0-49999 ${md5} a b`) },
      ({ verified, commands }) => {
        expect(verified).to.deep.equal({ by: 'hash', algorithm: 'MD5', value: md5 });
        expect(commands).to.deep.equal(['RETR a b', 'HASH a b']);
      },
    );
  });

  it('reads what ProFTPD says: a line more, and upper case', async () => {
    const fault = answering('HASH', `213-Computing SHA-256 digest\r\n213 SHA-256 0-50000 ${sha256.toUpperCase()} a b`);
    await verifying({ features: HASHING_FEATURES, fault }, ({ verified }) => {
      expect(verified).to.deep.equal({ by: 'hash', algorithm: 'SHA-256', value: sha256 });
    });
  });

  for (const [verb, algorithm, value] of [
    ['XSHA256', 'SHA-256', sha256],
    ['XSHA1', 'SHA-1', createHash('sha1').update(content).digest('hex')],
    ['XMD5', 'MD5', md5],
  ] as const) {
    for (const answer of [`250 ${value.toUpperCase()}`, `250-Computing digest\r\n250 ${value}`, `213 "a b" ${value}`]) {
      it(`is by ${verb} where there is no HASH: ${answer.slice(0, 12)}…`, async () => {
        await verifying(
          { features: ['EPSV', 'SIZE', verb], fault: answering(verb, answer) },
          ({ verified, commands }) => {
            expect(verified).to.deep.equal({ by: 'hash', algorithm, value });
            // Without the quotes, what stands behind the space is taken for a range.
            expect(commands).to.include(`${verb} "a b"`);
          },
        );
      });
    }
  }

  it('is by the CRC where there is nothing better, with or without its leading zeros', async () => {
    const bytes = Buffer.from('leading zeros 732');
    for (const value of ['0002861c', '2861C']) {
      const fault = answering('XCRC', `250 ${value}`);
      await withFaultyServer({ tls: false, features: ['EPSV', 'XCRC'], files: { a: bytes }, fault }, async (client) => {
        const { verified } = await client.download('a', new PassThrough().resume());
        expect(verified).to.deep.equal({ by: 'hash', algorithm: 'CRC32', value: '0002861c' });
      });
    }
  });

  it('by size comes next where the server refuses the hash', async () => {
    for (const reply of ['550 not for you', '450 busy', '213 nonsense', `213 MD5 0-49999 ${md5} a b`]) {
      await verifying({ features: HASHING_FEATURES, fault: answering('HASH', reply) }, ({ verified }) => {
        expect(verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
      });
    }
  });

  it('by size comes next where the server hashes another part of the file than all of it', async () => {
    for (const range of ['1-49999', '0-49998']) {
      const reply = `213 SHA-256 ${range} ${'ab'.repeat(32)} a b`;
      await verifying({ features: HASHING_FEATURES, fault: answering('HASH', reply) }, ({ verified }) => {
        expect(verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
      });
    }
  });

  it('says that there was none where the server has neither', async () => {
    await verifying({ features: ['EPSV'] }, ({ verified, commands }) => {
      expect(verified).to.deep.equal({ by: 'nothing', reason: 'the server tells neither hash nor size of this file' });
      expect(commands).to.deep.equal(['RETR a b']);
    });
  });

  it('asks for nothing where nobody wants it', async () => {
    await verifying({ features: HASHING_FEATURES, verify: 'none' }, ({ verified, commands }) => {
      expect(verified).to.deep.equal({ by: 'nothing', reason: "verify is 'none'" });
      expect(commands).to.deep.equal(['RETR a b']);
    });
  });

  it('by size asks for no hash', async () => {
    await verifying({ features: HASHING_FEATURES, verify: 'size' }, ({ verified, commands }) => {
      expect(verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
      expect(commands).to.deep.equal(['SIZE a b', 'RETR a b']);
    });
  });

  it('that is demanded and cannot be had is an error before anything moves', async () => {
    for (const [verify, features] of [
      ['hash', ['EPSV', 'SIZE']],
      ['size', ['EPSV', 'MDTM']],
    ] as const) {
      await verifying({ features, verify }, ({ error, commands }) => {
        expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes('cannot be had');
        expect(commands).to.deep.equal([]);
      });
    }
  });

  it('that is demanded and refused afterwards is an error', async () => {
    await verifying(
      { features: HASHING_FEATURES, verify: 'hash', fault: answering('HASH', '550 not for you') },
      ({ error }) => {
        expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'not-checked', resumable: false });
      },
    );
  });

  it('by a hash that differs is an error, and no byte is called safe', async () => {
    const fault = answering(
      'HASH',
      `213 SHA-256 0-49999 ${sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))} a b`,
    );
    for (const verify of ['auto', 'hash'] as const) {
      await verifying({ features: HASHING_FEATURES, verify, fault }, ({ error }) => {
        expect(error).to.be.instanceOf(VerificationError);
        expect(error).to.include({ reason: 'hash-differs', safeBytes: 0, resumable: false, bytes: content.length });
      });
    }
  });

  it('of an upload is of what the server has, and not of what it says it got', async () => {
    const fault: Fault = ({ verb }, server) => {
      const file = server.files.get('a');
      // One bit turns over on the server's disk.
      if (verb === 'HASH' && file !== undefined) file.bytes[1000] = (file.bytes[1000] ?? 0) ^ 1;
      return false;
    };
    await withFaultyServer({ features: [...HASHING_FEATURES], fault }, async (client) => {
      const error = await rejection(client.upload(content, 'a'));
      expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'hash-differs', safeBytes: 0 });
    });
  });

  it('with a hash of another number of bytes than were moved is not passed over for the size', async () => {
    const hash = new StreamHash('SHA-256');
    hash.update(content, 0);
    const check = { mode: 'auto', hash: { verb: 'HASH', algorithm: 'SHA-256' }, size: true } as const;
    const file = { verb: 'STOR', path: 'a', sizeBytes: 30_000, hash, reply: { code: 226, lines: ['done'] } };
    // Nobody has to be asked.
    const nobody = {} as LoginContext;
    const error = await rejection(verifyFile(nobody, check, file, undefined));
    expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'not-checked', safeBytes: 0 });
  });
});
