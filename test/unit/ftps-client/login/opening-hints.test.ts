import { expect } from 'chai';
import {
  CertificateError,
  ConnectionError,
  FtpsClient,
  HandshakeError,
  ServerMemory,
  TimeoutError,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { connectTo } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script } from '../../../support/scripted-server.js';
import { TestServer } from '../../../support/test-server.js';

/** Long enough for what comes before the silence. */
const timeouts = { tlsMs: 2_000, replyMs: 2_000 };

interface Opening {
  readonly what: string;
  readonly script: Script;
  readonly options?: Partial<FtpsClientOptions>;
  readonly kind: typeof TimeoutError | typeof ConnectionError | typeof HandshakeError;
  readonly says: string;
}

const openings: readonly Opening[] = [
  {
    what: 'says nothing at first',
    script: async (peer) => {
      await peer.line();
    },
    options: { timeouts: { replyMs: 50 } },
    kind: TimeoutError,
    says: "it may want TLS from the first byte on (mode: 'implicit'",
  },
  {
    what: 'hangs up at first',
    script: (peer) => {
      peer.destroy();
      return Promise.resolve();
    },
    kind: ConnectionError,
    says: 'it did not greet: it may be full',
  },
  {
    what: 'hangs up at AUTH',
    script: async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('AUTH TLS');
      peer.destroy();
    },
    kind: ConnectionError,
    says: 'that was instead of a reply to AUTH TLS',
  },
  {
    what: 'says nothing to AUTH',
    script: async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('AUTH TLS');
      await peer.line();
    },
    kind: TimeoutError,
    says: 'that was instead of a reply to AUTH TLS',
  },
  {
    what: 'says nothing to the ClientHello',
    script: async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('AUTH TLS', '234 go ahead');
    },
    options: { timeouts: { ...timeouts, tlsMs: 50 } },
    kind: TimeoutError,
    says: 'the server does not do its part of the TLS handshake',
  },
  {
    what: 'begins in clear where TLS is wanted from the first byte on',
    script: async (peer) => {
      await peer.say('220 scripted\r\n');
    },
    options: { mode: 'implicit' },
    kind: HandshakeError,
    says: "the port may be one that begins in clear (mode: 'explicit'",
  },
  {
    what: 'says nothing to USER',
    script: async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.upgrade();
      await peer.on('USER alice');
      await peer.line();
    },
    kind: TimeoutError,
    says: 'that was instead of a reply to a command of the login',
  },
];

describe('the error where a server', () => {
  for (const { what, script, options = {}, kind, says } of openings) {
    it(`${what} says what that may mean`, async () => {
      const server = await scriptedServer(script);
      const connecting = FtpsClient.connect({ ...(await scriptedOptions(server, true)), timeouts, ...options });
      expect(await rejection(connecting))
        .to.be.instanceOf(kind)
        .with.property('message')
        .that.includes(says);
      await server.close();
    });
  }

  it('that has let somebody in says nothing at first does not put the options in doubt', async () => {
    let logins = 0;
    const server = await scriptedServer(async (peer) => {
      logins += 1;
      if (logins === 1) await peer.login({ tls: true });
      await peer.line();
    });
    const options = {
      ...(await scriptedOptions(server, true)),
      timeouts: { replyMs: 300 },
      memory: new ServerMemory(),
    };
    const first = await FtpsClient.connect(options);
    const error = await rejection(FtpsClient.connect(options));
    expect(error)
      .to.be.instanceOf(TimeoutError)
      .with.property('message')
      .that.matches(/; the server did not greet$/);
    await first.close();
    await server.close();
  });

  it('has a certificate for another name says which one was asked for', async () => {
    await using server = await TestServer.start();
    const tls = { ca: server.caPem, serverName: 'other.example' };
    expect(await rejection(connectTo(server, { tls })))
      .to.be.instanceOf(CertificateError)
      .with.property('message')
      .that.includes("it was asked for as 'other.example'");
  });
});
