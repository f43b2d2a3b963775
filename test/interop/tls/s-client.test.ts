// openssl s_client against the openssl engine's acceptor: tickets, early data, late certificates, keys, in its own words.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  CertificateError,
  HandshakeError,
  TruncationError,
  type ServerBinding,
  type TlsChannel,
} from '@ftps-kit/tls-core';
import { testCertificates } from '../../support/certificates.js';
import { readAll, readExactly } from '../../support/channel-bytes.js';
import { openssl } from '../../support/peers/openssl.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { startProgram, type RunningProgram } from '../../support/peers/running-program.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';
import { TlsListener } from '../../support/tls-listener.js';

/** Starts s_client on the listener; it stays until its input or the connection ends. */
function sClient(listener: TlsListener, cwd: string, args: readonly string[] = []): RunningProgram {
  const target = ['-connect', `${listener.host}:${listener.port}`, '-CAfile', listener.caFile];
  return startProgram(executable('openssl'), ['s_client', ...target, '-verify_return_error', ...args], cwd);
}

/** A session file of s_client's, from a control connection that is still open. */
interface Login extends AsyncDisposable {
  readonly control: TlsChannel;
  readonly binding: ServerBinding;
  readonly sessionFile: string;
}

let logins = 0;

async function login(
  listener: TlsListener,
  folder: string,
  { binding = listener.binding, args = [] }: { binding?: ServerBinding; args?: readonly string[] } = {},
): Promise<Login> {
  const sessionFile = join(folder, `session-${++logins}.pem`);
  const client = sClient(listener, folder, ['-sess_out', sessionFile, ...args]);
  const control = await listener.accept('control', binding);
  await control.write(Buffer.from('220 ready\r\n'));
  await client.shown(/220 ready/);
  return { control, binding, sessionFile, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

describe('openssl s_client', () => {
  before(function () {
    requirePeer(this, openssl);
    requirePeer(this, opensslEngine);
  });

  for (const loginTickets of [0, 1, 4]) {
    for (const issued of [0, 2]) {
      it(`sees ${loginTickets} tickets of the login and ${issued} that were issued later`, async () => {
        await using listener = await TlsListener.start({ loginTickets });
        await withTemporaryFolder(async (folder) => {
          await using client = sClient(listener, folder);
          const control = await listener.accept('control');
          for (let n = 0; n < issued; ++n) await control.issueTicket();
          await control.write(Buffer.from('that was all\r\n'));
          await client.shown(/that was all/);
          client.typeNoMore();
          await Promise.all([readAll(control), control.end(), client.ended]);
          const tickets = [...client.output().matchAll(/Post-Handshake New Session Ticket arrived/g)];
          expect(tickets).to.have.length(loginTickets + issued);
        });
      });
    }
  }

  for (const versions of ['1.3', '1.2'] as const) {
    it(`resumes its control connection on data connections, again and again, TLS ${versions}`, async () => {
      await using listener = await TlsListener.start({ versions });
      await withTemporaryFolder(async (folder) => {
        await using session = await login(listener, folder);
        for (let again = 0; again < 3; ++again) {
          await using client = sClient(listener, folder, ['-sess_in', session.sessionFile]);
          const data = await listener.accept('data');
          expect(data.handshake.verdict).to.equal('bound');
          await client.shown(new RegExp(`^Reused, TLSv${versions}`, 'm'));
        }
      });
    });
  }

  it('finds a ticket spent at its second use where each is redeemed once', async () => {
    await using listener = await TlsListener.start({ redeem: 'once' });
    await withTemporaryFolder(async (folder) => {
      await using session = await login(listener, folder);
      const seen: (string | undefined)[] = [];
      for (const word of [/^Reused, TLSv1\.3/m, /^New, TLSv1\.3/m]) {
        await using client = sClient(listener, folder, ['-sess_in', session.sessionFile]);
        seen.push((await listener.accept('data')).handshake.verdict);
        await client.shown(word);
      }
      expect(seen).to.deep.equal(['bound', 'replayed']);
    });
  });

  it('is foreign to the control connection of somebody else', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      await using session = await login(listener, folder);
      await using client = sClient(listener, folder, ['-sess_in', session.sessionFile]);
      const data = await listener.accept('data', listener.acceptor.newBinding());
      expect(data.handshake.verdict).to.equal('foreign');
      await client.shown(/^New, TLSv1\.3/m);
    });
  });

  describe('that comes back with the session of an earlier control connection', () => {
    for (const versions of ['1.3', '1.2'] as const) {
      it(`resumes it, and binds its data connections to the new one by what came on that, TLS ${versions}`, async () => {
        await using listener = await TlsListener.start({ versions });
        await withTemporaryFolder(async (folder) => {
          await using first = await login(listener, folder);
          await using again = await login(listener, folder, {
            binding: listener.acceptor.newBinding(),
            args: ['-sess_in', first.sessionFile],
          });
          expect(again.control.handshake).to.include({ resumed: true, verdict: undefined });
          // Under TLS 1.2 there is but one session, which goes on.
          const shown = versions === '1.3' ? again.sessionFile : first.sessionFile;
          await using data = sClient(listener, folder, ['-sess_in', shown]);
          expect((await listener.accept('data', again.binding)).handshake.verdict).to.equal('bound');
          await data.shown(new RegExp(`^Reused, TLSv${versions}`, 'm'));
        });
      });
    }

    it('gets as many tickets as at its first login', async () => {
      await using listener = await TlsListener.start({ loginTickets: 3 });
      await withTemporaryFolder(async (folder) => {
        await using first = await login(listener, folder);
        await using client = sClient(listener, folder, ['-sess_in', first.sessionFile]);
        const control = await listener.accept('control', listener.acceptor.newBinding());
        expect(control.handshake.resumed).to.equal(true);
        await control.write(Buffer.from('220 ready\r\n'));
        await client.shown(/220 ready/);
        client.typeNoMore();
        await Promise.all([readAll(control), control.end(), client.ended]);
        expect([...client.output().matchAll(/Post-Handshake New Session Ticket arrived/g)]).to.have.length(3);
      });
    });

    it('has nothing in it that vouches for a data connection of the new one', async () => {
      await using listener = await TlsListener.start();
      await withTemporaryFolder(async (folder) => {
        await using first = await login(listener, folder);
        const binding = listener.acceptor.newBinding();
        await using again = await login(listener, folder, { binding, args: ['-sess_in', first.sessionFile] });
        expect(again.control.handshake.resumed).to.equal(true);
        await using data = sClient(listener, folder, ['-sess_in', first.sessionFile]);
        expect((await listener.accept('data', binding)).handshake.verdict).to.equal('foreign');
        await data.shown(/^New, TLSv1\.3/m);
      });
    });

    it('proves its key anew where it had shown a certificate', async () => {
      const { client: identity, caPem } = await testCertificates();
      await using listener = await TlsListener.start({ clientCertificates: 'required', clientCa: caPem });
      await withTemporaryFolder(async (folder) => {
        const shown = ['-cert', identity.certFile, '-key', identity.keyFile];
        await using first = await login(listener, folder, { args: shown });
        const binding = listener.acceptor.newBinding();
        await using again = await login(listener, folder, { binding, args: [...shown, '-sess_in', first.sessionFile] });
        expect(again.control.handshake.resumed).to.equal(false);
        expect(again.control.handshake.peerCertificates[0]?.subject).to.equal('CN=alice');
      });
    });
  });

  it('sends early data that is accepted once, and refused the second time', async () => {
    await using listener = await TlsListener.start({ maxEarlyDataBytes: 4096 });
    await withTemporaryFolder(async (folder) => {
      await using session = await login(listener, folder);
      const early = join(folder, 'early.txt');
      await writeFile(early, 'sent before the handshake was over');
      const args = ['-sess_in', session.sessionFile, '-early_data', early];

      await using first = sClient(listener, folder, args);
      const accepted = await listener.accept('data');
      expect(accepted.handshake).to.include({ verdict: 'bound', earlyData: 'accepted' });
      expect(accepted.earlyDataBytes).to.equal(34);
      expect((await readExactly(accepted, 34)).toString()).to.equal('sent before the handshake was over');
      await first.shown(/Early data was accepted/);

      await using second = sClient(listener, folder, args);
      const refused = await listener.accept('data');
      expect(refused.handshake).to.include({ verdict: 'bound', earlyData: 'rejected' });
      expect(refused.earlyDataBytes).to.equal(0);
      await second.shown(/Early data was rejected/);
    });
  });

  it('sends commands as early data, which anybody could play again: they are refused, and none is obeyed', async () => {
    const tls = { maxEarlyDataBytes: 4096 };
    await using server = await TestServer.start({ engine: 'openssl', mode: 'implicit', versions: '1.3', tls });
    await withTemporaryFolder(async (folder) => {
      const [session, commands] = [join(folder, 'session.pem'), join(folder, 'commands')];
      await writeFile(commands, 'USER alice\r\nPASS opensesame\r\n');
      await openssl.run(server, ['-sess_out', session]);
      const again = await openssl.run(server, ['-sess_in', session, '-early_data', commands]);
      expect(openssl.resumptions(again)).to.equal(1);
      expect(again.stdout).to.include('Early data was rejected');
      expect(server.logins).to.deep.equal([]);
    });
  });

  it('answers a request for its certificate after the handshake', async () => {
    const { client: identity, caPem } = await testCertificates();
    await using listener = await TlsListener.start({ clientCa: caPem });
    await withTemporaryFolder(async (folder) => {
      const args = ['-enable_pha', '-cert', identity.certFile, '-key', identity.keyFile];
      await using client = sClient(listener, folder, args);
      const control = await listener.accept('control');
      const chain = await control.requestClientCertificate();
      expect(chain.map(({ subject }) => subject)).to.deep.equal(['CN=alice', 'CN=ftps-kit test CA']);
      await control.write(Buffer.from('232 welcome\r\n'));
      await client.shown(/232 welcome/);
    });
  });

  it("without a certificate, or with a stranger's, is told apart, and the connection goes on", async () => {
    const { otherCa, caPem } = await testCertificates();
    await using listener = await TlsListener.start({ clientCa: caPem });
    await withTemporaryFolder(async (folder) => {
      const strangers = ['-cert', otherCa.client.certFile, '-key', otherCa.client.keyFile];
      for (const args of [[], strangers]) {
        await using client = sClient(listener, folder, ['-enable_pha', ...args]);
        const control = await listener.accept('control');
        const error = await rejection(control.requestClientCertificate());
        expect(error).to.be.instanceOf(CertificateError);
        expect(error)
          .to.have.property('reason')
          .that.matches(args.length === 0 ? /^NO_CERTIFICATE$/ : /^UNABLE_TO_/);
        await control.write(Buffer.from('530 no\r\n'));
        await client.shown(/530 no/);
      }
    });
  });

  it('exports the same keying material (RFC 8446 §7.5)', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      await using client = sClient(listener, folder, ['-keymatexport', 'EXPORTER-test', '-keymatexportlen', '32']);
      const control = await listener.accept('control');
      await client.shown(/Keying material: [0-9A-F]{64}/);
      const ours = Buffer.from(control.exportKeyingMaterial(32, 'EXPORTER-test')).toString('hex').toUpperCase();
      expect(client.output()).to.include(`Keying material: ${ours}`);
    });
  });

  it('updates its keys and asks for ours, and both go on (RFC 8446 §4.6.3)', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      await using client = sClient(listener, folder);
      const control = await listener.accept('control');
      await client.shown(/Verify return code/);
      for (const [n, letter] of ['k', 'K'].entries()) {
        client.type(`${letter}\n`);
        await client.shown(new RegExp(`(KEYUPDATE[^]*){${n + 1}}`));
        client.type('after\n');
        expect((await readExactly(control, 6)).toString()).to.equal('after\n');
      }
      await control.updateKeys();
      await control.write(Buffer.from('and back\r\n'));
      await client.shown(/and back/);
    });
  });

  it('that is killed has not ended its stream: what it sent is truncated, and known to be', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      await using client = sClient(listener, folder);
      const control = await listener.accept('control');
      client.type('half a fi\n');
      expect((await readExactly(control, 10)).toString()).to.equal('half a fi\n');
      client.kill('SIGKILL');
      const error = await rejection(readAll(control));
      expect(error).to.be.instanceOf(TruncationError);
      expect(control.closure).to.equal('truncated');
    });
  });

  it('that ends its stream is read to a clean end', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      await using client = sClient(listener, folder);
      const control = await listener.accept('control');
      client.type('a whole file\n');
      client.typeNoMore();
      expect((await readAll(control)).toString()).to.equal('a whole file\n');
      expect(control.closure).to.equal('clean');
    });
  });

  describe('agrees on what the policy names, and on nothing else:', () => {
    const cases = [
      [
        'the cipher suite of TLS 1.3',
        { versions: '1.3', cipherSuites: ['TLS_CHACHA20_POLY1305_SHA256'] },
        /Cipher is TLS_CHACHA20_POLY1305_SHA256/,
        ['-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
      ],
      [
        'the cipher of TLS 1.2',
        { versions: '1.2', ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] },
        /Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/,
        ['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      ],
      ['the group', { versions: '1.3', groups: ['P-384'] }, /Server Temp Key: ECDH, secp384r1/, ['-groups', 'X25519']],
      [
        'the signature algorithm',
        { versions: '1.3', signatureAlgorithms: ['ecdsa_secp256r1_sha256'] },
        /Peer signing digest: SHA256/,
        ['-sigalgs', 'RSA-PSS+SHA256'],
      ],
      ['TLS 1.3', { versions: '1.3' }, /New, TLSv1\.3/, ['-tls1_2']],
      ['TLS 1.2', { versions: '1.2' }, /New, TLSv1\.2/, ['-tls1_3']],
    ] as const;
    for (const [title, policy, words, others] of cases) {
      it(title, async () => {
        await using listener = await TlsListener.start(policy);
        await withTemporaryFolder(async (folder) => {
          await using agreeing = sClient(listener, folder);
          await listener.accept('control');
          await agreeing.shown(words);
          await using differing = sClient(listener, folder, others);
          expect(await rejection(listener.accept('control'))).to.be.instanceOf(HandshakeError);
          expect(await differing.ended).not.to.equal(0);
        });
      });
    }
  });
});
