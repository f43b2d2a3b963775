// gnutls-cli against the openssl engine's acceptor: the other TLS stack's view of tickets, early data and late certificates.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { HandshakeError } from '@ftps-kit/tls-core';
import { testCertificates } from '../../support/certificates.js';
import { readExactly } from '../../support/channel-bytes.js';
import { gnutlsCli } from '../../support/peers/gnutls-cli.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { startProgram, type RunningProgram } from '../../support/peers/running-program.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TlsListener } from '../../support/tls-listener.js';

/** Starts gnutls-cli on the listener; it stays until its input or the connection ends. */
function start(listener: TlsListener, cwd: string, args: readonly string[] = []): RunningProgram {
  const target = ['--port', `${listener.port}`, `--x509cafile=${listener.caFile}`];
  return startProgram(executable('gnutls-cli'), [...target, ...args, listener.host], cwd);
}

describe('gnutls-cli', () => {
  before(function () {
    requirePeer(this, gnutlsCli);
    requirePeer(this, opensslEngine);
  });

  for (const versions of ['1.3', '1.2'] as const) {
    it(`resumes its control connection on a data connection, TLS ${versions}`, async () => {
      await using listener = await TlsListener.start({ versions });
      await withTemporaryFolder(async (folder) => {
        await using client = start(listener, folder, ['--resume', '--waitresumption']);
        await listener.accept('control');
        const data = await listener.accept('data');
        expect(data.handshake).to.include({ verdict: 'bound', protocol: `TLSv${versions}` });
        await client.shown(/This is a resumed session/);
      });
    });
  }

  it('sends early data that is accepted', async () => {
    await using listener = await TlsListener.start({ maxEarlyDataBytes: 4096 });
    await withTemporaryFolder(async (folder) => {
      const early = join(folder, 'early.txt');
      await writeFile(early, 'sent before the handshake was over');
      await using client = start(listener, folder, ['--resume', '--waitresumption', `--earlydata=${early}`]);
      await listener.accept('control');
      const data = await listener.accept('data');
      expect(data.handshake).to.include({ verdict: 'bound', earlyData: 'accepted' });
      expect((await readExactly(data, 34)).toString()).to.equal('sent before the handshake was over');
      await client.shown(/This is a resumed session/);
    });
  });

  it('without the extended master secret is told handshake_failure under TLS 1.2 (RFC 7627 §5.2), and served under TLS 1.3', async () => {
    await using listener = await TlsListener.start();
    await withTemporaryFolder(async (folder) => {
      const only = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH';
      await using refused = start(listener, folder, [`--priority=${only}`]);
      const error = await rejection(listener.accept('control'));
      expect(error).to.be.instanceOf(HandshakeError).with.property('message').that.includes('extended master secret');
      await refused.shown(/Received alert \[40\]: Handshake failed/);
      await using served = start(listener, folder, ['--priority=NORMAL:%NO_SESSION_HASH']);
      expect((await listener.accept('control')).handshake.protocol).to.equal('TLSv1.3');
      await served.shown(/Handshake was completed/);
    });
  });

  it('answers a request for its certificate after the handshake', async () => {
    const { client: identity, caPem } = await testCertificates();
    await using listener = await TlsListener.start({ clientCa: caPem });
    await withTemporaryFolder(async (folder) => {
      const shown = [`--x509certfile=${identity.certFile}`, `--x509keyfile=${identity.keyFile}`];
      await using client = start(listener, folder, ['--post-handshake-auth', ...shown]);
      const control = await listener.accept('control');
      const chain = await control.requestClientCertificate();
      expect(chain[0]?.subject).to.equal('CN=alice');
      await control.write(Buffer.from('232 welcome\r\n'));
      await client.shown(/232 welcome/);
    });
  });
});
