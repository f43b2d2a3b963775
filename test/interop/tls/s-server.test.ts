// Our connector against openssl s_server: resumption, early data and late certificates there.
import { expect } from 'chai';
import {
  CertificateError,
  HandshakeError,
  ServerIdentity,
  SocketChannel,
  availableEngines,
  parseClientPolicy,
  selectEngine,
  type ClientBinding,
  type ClientTlsOptions,
  type ConnectionRole,
  type EngineName,
  type TlsChannel,
  type TlsConnector,
} from '@ftps-kit/tls-core';
import { testCertificates } from '../../support/certificates.js';
import { readExactly } from '../../support/channel-bytes.js';
import { openssl } from '../../support/peers/openssl.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { startProgram, type RunningProgram } from '../../support/peers/running-program.js';
import { freePort } from '../../support/ports.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

/** A running s_server, and a client of ours that trusts it. */
class ForeignServer {
  readonly program: RunningProgram;
  readonly connector: TlsConnector;
  readonly binding: ClientBinding;
  readonly #port: number;

  constructor(program: RunningProgram, port: number, connector: TlsConnector) {
    this.program = program;
    this.#port = port;
    this.connector = connector;
    this.binding = connector.newBinding();
  }

  async connect(role: ConnectionRole, earlyData?: Uint8Array): Promise<TlsChannel> {
    const tcp = await SocketChannel.connect({ host: '127.0.0.1', port: this.#port });
    return this.connector.connect(tcp, { role, host: 'localhost', binding: this.binding, earlyData });
  }
}

/** What a test does with a server. */
type Use = (server: ForeignServer) => Promise<void>;

async function withServer(
  use: Use,
  args: readonly string[],
  client: ClientTlsOptions = {},
  engine: EngineName = 'openssl',
): Promise<void> {
  const { server, caPem } = await testCertificates();
  const port = await freePort();
  const words = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', server.certFile, '-key', server.keyFile];
  await withTemporaryFolder(async (folder) => {
    await using program = startProgram(executable('openssl'), [...words, ...args], folder);
    await program.shown(/ACCEPT/);
    const connector = selectEngine(engine).connector(parseClientPolicy({ ca: caPem, alpn: [], ...client }));
    await use(new ForeignServer(program, port, connector));
  });
}

describe('the openssl engine as a client', () => {
  before(function () {
    requirePeer(this, openssl, opensslEngine);
  });

  for (const tickets of [1, 3]) {
    it(`takes the ${tickets} tickets of s_server, and each resumes a data connection`, async () => {
      await withServer(
        async (server) => {
          const control = await server.connect('control');
          await control.write(Buffer.from('hello\n'));
          expect((await readExactly(control, 6)).toString()).to.equal('olleh\n');
          expect(server.binding.tickets.size).to.equal(tickets);
          await control.end();
          for (let left = tickets; left > 0; --left) {
            const data = await server.connect('data');
            expect(data.handshake).to.include({ resumed: true, ticketSource: 'control' });
            data.destroy();
          }
        },
        ['-rev', '-num_tickets', `${tickets}`],
      );
    });
  }

  it('resumes with s_server under TLS 1.2', async () => {
    await withServer(
      async (server) => {
        await (await server.connect('control')).end();
        const data = await server.connect('data');
        expect(data.handshake).to.include({ resumed: true, protocol: 'TLSv1.2' });
        data.destroy();
      },
      ['-rev', '-tls1_2'],
    );
  });

  it('sends early data that s_server accepts', async () => {
    await withServer(
      async (server) => {
        const control = await server.connect('control');
        server.program.type('220 ready\n');
        await readExactly(control, 10);
        await control.end();
        const data = await server.connect('data', Buffer.from('early bird\n'));
        expect(data.handshake).to.include({ resumed: true, earlyData: 'accepted' });
        await data.end();
        await server.program.shown(/early bird\n[^]*End of early data/);
      },
      ['-early_data', '-num_tickets', '4', '-tls1_3'],
    );
  });

  it('answers when s_server asks for its certificate after the handshake', async () => {
    const { client } = await testCertificates();
    const identity = new ServerIdentity({ cert: client.certPem, key: client.keyPem });
    await withServer(
      async (server) => {
        const control = await server.connect('control');
        const reading = readExactly(control, 6);
        server.program.type('c\n');
        await server.program.shown(/SSL_do_handshake -> 1/);
        server.program.type('hello\n');
        expect((await reading).toString()).to.equal('hello\n');
        await control.write(Buffer.from('still there\n'));
        await server.program.shown(/still there/);
      },
      ['-tls1_3'],
      { identity },
    );
  });

  describe('offers s_server what its policy names, and nothing else:', () => {
    const cases = [
      [
        'the cipher suite of TLS 1.3',
        { versions: '1.3', cipherSuites: ['TLS_CHACHA20_POLY1305_SHA256'] },
        /^Shared ciphers:TLS_CHACHA20_POLY1305_SHA256$[^]*^CIPHER is TLS_CHACHA20_POLY1305_SHA256$/m,
        ['-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
      ],
      [
        'the cipher of TLS 1.2',
        { versions: '1.2', ciphers: ['ECDHE-ECDSA-CHACHA20-POLY1305'] },
        /^Shared ciphers:ECDHE-ECDSA-CHACHA20-POLY1305$[^]*^CIPHER is ECDHE-ECDSA-CHACHA20-POLY1305$/m,
        ['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      ],
      ['the group', { groups: ['P-384'] }, /^Supported groups: secp384r1$/m, ['-groups', 'X25519']],
      [
        'the signature algorithm',
        { signatureAlgorithms: ['ecdsa_secp256r1_sha256'] },
        /^Signature Algorithms: ECDSA\+SHA256$/m,
        ['-sigalgs', 'ECDSA+SHA384'],
      ],
      ['TLS 1.3', { versions: '1.3' }, /^CIPHER is TLS_/m, ['-tls1_2']],
      ['TLS 1.2', { versions: '1.2' }, /^CIPHER is ECDHE-/m, ['-tls1_3']],
    ] as const;
    for (const { name } of availableEngines()) {
      for (const [title, policy, words, others] of cases) {
        it(`${title}, ${name} engine`, async () => {
          const agree: Use = async (server) => {
            const control = await server.connect('control');
            await server.program.shown(words);
            control.destroy();
          };
          await withServer(agree, [], policy, name);
          const differ: Use = async (server) => {
            expect(await rejection(server.connect('control'))).to.be.instanceOf(HandshakeError);
          };
          await withServer(differ, others, policy, name);
        });
      }
    }
  });

  describe('trusts', () => {
    it('no authority but the given one', async () => {
      const { otherCa } = await testCertificates();
      await withServer(
        async (server) => {
          expect(await rejection(server.connect('control'))).to.be.instanceOf(CertificateError);
        },
        ['-rev'],
        { ca: otherCa.caPem },
      );
    });

    it('nobody unknown to the roots that Node brings', async () => {
      await withServer(
        async (server) => {
          const error = await rejection(server.connect('control'));
          expect(error)
            .to.be.instanceOf(CertificateError)
            .with.property('reason')
            .that.matches(/^UNABLE_TO_/);
        },
        ['-rev'],
        { ca: [], bundledRoots: true },
      );
    });
  });
});
