// Certificates that their authority has revoked, by lists that `openssl ca` writes.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { CertificateError, ControlTicket, ServerIdentity, availableEngines, ticketScope } from '@ftps-kit/tls-core';
import {
  controlConnection,
  endBoth,
  engineSides,
  handshake,
  newBindings,
  type EngineSides,
} from '../../compliance/tls-engine.js';
import { openssl } from '../../support/peers/openssl.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { runProgram } from '../../support/peers/run-program.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const SERIAL = 7;

/** An authority, a server it signed, and its lists before and after it revoked that server. */
interface Revoking {
  readonly caPem: string;
  readonly identity: ServerIdentity;
  readonly emptyList: string;
  readonly revokingList: string;
}

async function makeRevoking(): Promise<Revoking> {
  let made: Revoking | undefined;
  await withTemporaryFolder(async (folder) => {
    const run = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await runProgram(executable('openssl'), args, { cwd: folder });
      expect(code, stderr).to.equal(0);
    };
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await write('ca.cnf', '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ndefault_md=sha256\ncrlnumber=number\n');
    await write('names.cnf', 'subjectAltName=DNS:localhost\n');
    await write('number', '01\n');
    await write('index.txt', '');
    await run('req', '-x509', ...key, '-subj', '/CN=revoking CA', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2');
    await run('req', ...key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', `${SERIAL}`, '-days', '2'];
    await run('x509', '-req', '-in', 'server.csr', ...signed, '-extfile', 'names.cnf', '-out', 'server.pem');
    const list = ['ca', '-config', 'ca.cnf', '-gencrl', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-crldays', '2'];
    await run(...list, '-out', 'empty.pem');
    await run('ca', '-config', 'ca.cnf', '-revoke', 'server.pem', '-cert', 'ca.pem', '-keyfile', 'ca.key');
    await run(...list, '-out', 'revoking.pem');
    made = {
      caPem: await read('ca.pem'),
      identity: new ServerIdentity({ cert: await read('server.pem'), key: await read('server.key') }),
      emptyList: await read('empty.pem'),
      revokingList: await read('revoking.pem'),
    };
  });
  if (made === undefined) throw new Error('openssl made nothing');
  return made;
}

describe('a revocation list', () => {
  let revoking: Revoking;

  before(async function () {
    requirePeer(this, openssl);
    revoking = await makeRevoking();
  });

  for (const engine of availableEngines()) {
    const connect = async (crl: string): Promise<void> => {
      const { caPem: ca, identity } = revoking;
      const sides = await engineSides(engine, { identities: [identity] }, { ca, crl });
      await endBoth(await handshake(sides, newBindings(sides), 'control'));
    };

    it(`that names the server's certificate refuses it, ${engine.name} engine`, async () => {
      const error = await rejection(connect(revoking.revokingList));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');
    });

    it(`takes effect at once: no session that began without one is resumed, ${engine.name} engine`, async () => {
      const { caPem: ca, identity, emptyList, revokingList } = revoking;
      // The other engine's server does not resume control connections at all.
      const { acceptor } = await engineSides(availableEngines()[0] ?? engine, { identities: [identity] });
      const sidesWith = async (crl: readonly string[]): Promise<EngineSides> => {
        const { connector } = await engineSides(engine, {}, { ca, crl });
        return { acceptor, connector };
      };
      const without = await sidesWith([]);
      const bindings = newBindings(without);
      await endBoth(await controlConnection(without, bindings));
      const [ticket, other] = bindings.client.takeForNextConnect();
      const resumed = await controlConnection(without, newBindings(without), other);
      expect(resumed.client.handshake.resumed).to.equal(true);
      await endBoth(resumed);

      const revoked = await sidesWith([revokingList]);
      const error = await rejection(handshake(revoked, newBindings(revoked), 'control', { ticket }));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');

      const listed = await sidesWith([emptyList]);
      const asked = newBindings(listed);
      await endBoth(await controlConnection(listed, asked));
      // A list says when the next one is due: that is asked at each connect.
      expect(asked.client.takeForNextConnect()).to.deep.equal([]);
      if (other === undefined) throw new Error('the server gave too few tickets');
      const scope = ticketScope({ engine: engine.name, policy: listed.connector.policy, host: 'localhost' });
      const forged = new ControlTicket(other.ticket, { ...other.trust, scope });
      const pair = await handshake(listed, newBindings(listed), 'control', { ticket: forged });
      expect(pair.client.handshake.resumed).to.equal(false);
      await endBoth(pair);
    });

    it(`that does not name it lets it pass, ${engine.name} engine`, async () => {
      await connect(revoking.emptyList);
    });
  }
});
