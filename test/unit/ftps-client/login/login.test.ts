import { inspect } from 'node:util';
import diagnosticsChannel from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  CertificateError,
  CONTROL_CHANNEL,
  FtpsClient,
  HandshakeError,
  LoginError,
  PlaintextInjectionError,
  ProtocolError,
  ReplyError,
  ServerMemory,
  TimeoutError,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { testCertificates } from '../../../support/certificates.js';
import { gate } from '../../../support/gate.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script } from '../../../support/scripted-server.js';

/** Connects to a server that plays `script`, over TLS, and gives the error. */
async function refusedBy(script: Script, options: Partial<FtpsClientOptions> = {}) {
  const server = await scriptedServer(script);
  const error = await rejection(FtpsClient.connect({ ...(await scriptedOptions(server, true)), ...options }));
  await server.close();
  return { error, lines: server.lines };
}

describe('logging in', () => {
  it('gives a server time that takes a ClientHello for a command, as ftp-srv does with one that comes too soon', async () => {
    let connections = 0;
    const server = await scriptedServer(async (peer) => {
      connections += 1;
      if (connections === 1) {
        await peer.say('220 scripted\r\n');
        await peer.on('AUTH TLS', '234 go ahead');
        await peer.mistakeHello();
        return;
      }
      await peer.login({ tls: true });
      await peer.on('QUIT', '221 bye');
    });
    const memory = new ServerMemory();
    const options = { ...(await scriptedOptions(server, true)), memory };
    for (const expected of [2, 3]) {
      const client = await FtpsClient.connect(options);
      expect(connections).to.equal(expected);
      await client.close();
    }
    await server.close();
  });

  it('gives it that time also where several logins find out at once', async () => {
    let connections = 0;
    const bothCame = gate();
    await using server = await scriptedServer(async (peer) => {
      connections += 1;
      if (connections <= 2) {
        await peer.say('220 scripted\r\n');
        await peer.on('AUTH TLS', '234 go ahead');
        if (connections === 2) bothCame.open();
        await bothCame.opened;
        await peer.mistakeHello();
        return;
      }
      await peer.login({ tls: true });
      await peer.on('QUIT', '221 bye');
    });
    const options = { ...(await scriptedOptions(server, true)), memory: new ServerMemory() };
    const clients = await Promise.all([FtpsClient.connect(options), FtpsClient.connect(options)]);
    await Promise.all(clients.map((client) => client.close()));
    expect(connections).to.equal(4);
  });

  it('takes a server that answers the ClientHello in clear again for one that speaks no TLS', async () => {
    let connections = 0;
    const { error } = await refusedBy(async (peer) => {
      connections += 1;
      await peer.say('220 scripted\r\n');
      await peer.on('AUTH TLS', '234 go ahead');
      await peer.mistakeHello();
    });
    expect(error).to.be.instanceOf(HandshakeError).with.property('isNoTls', true);
    expect(connections).to.equal(2);
  });

  it('protects the control connection first, then logs in, protects data and asks for features', async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.login({ tls: true, features: ['UTF8', 'SIZE'] });
      await peer.on('QUIT', '221 bye');
    });
    const client = await FtpsClient.connect(await scriptedOptions(server, true));
    expect(client.handshake?.protocol).to.equal('TLSv1.3');
    expect(client.greeting).to.deep.equal({ code: 220, lines: ['scripted'] });
    expect([...client.features.keys()]).to.deep.equal(['UTF8', 'SIZE']);
    expect(client.isOpen).to.equal(true);
    await client.close();
    expect(client.isOpen).to.equal(false);
    expect(server.lines).to.deep.equal([
      ...['AUTH TLS', 'USER alice', 'PASS secret', 'PBSZ 0', 'PROT P', 'FEAT', 'TYPE I', 'OPTS UTF8 ON', 'QUIT'],
    ]);
    await server.close();
  });

  it('speaks TLS from the first byte where it is implicit', async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.secure();
      await peer.say('220 hello\r\n');
      await peer.on('USER alice', '230 no password needed');
      await peer.on('PBSZ 0', '200 ok');
      await peer.on('PROT P', '200 ok');
      await peer.on('FEAT', '500 what?');
      await peer.on('TYPE I', '200 ok');
      await peer.on('QUIT', '221 bye');
    });
    await using client = await FtpsClient.connect({ ...(await scriptedOptions(server, true)), mode: 'implicit' });
    expect(client.features.size).to.equal(0);
    await client.close();
    await server.close();
  });

  it('waits for 220 when the server says 120 first', async () => {
    const { error } = await refusedBy(async (peer) => {
      await peer.say('120 in a minute\r\n220 now\r\n');
      await peer.on('AUTH TLS', '500 no');
    });
    expect(error).to.be.instanceOf(ReplyError).with.property('verb', 'AUTH');
  });

  it('gives a server up that only ever says 120', async () => {
    const { error } = await refusedBy(async (peer) => {
      await peer.say('120 in a minute\r\n'.repeat(100));
      await peer.line();
    });
    expect(error).to.be.instanceOf(ProtocolError).with.property('message').that.includes('never said that it is ready');
  });

  it('gives its account once, and gives a server up that asks for it again', async () => {
    const { error, lines } = await refusedBy(
      async (peer) => {
        await peer.say('220 hello\r\n');
        await peer.upgrade();
        await peer.on('USER alice', '332 account?');
        await peer.on('ACCT billing', '332 account?');
        await peer.line();
      },
      { account: 'billing' },
    );
    expect(error).to.be.instanceOf(ProtocolError).with.property('message').that.includes('asking for an account again');
    expect(lines).to.deep.equal(['AUTH TLS', 'USER alice', 'ACCT billing']);
  });

  it('says nothing more in clear when AUTH TLS is refused', async () => {
    const { error, lines } = await refusedBy(async (peer) => {
      await peer.say('220 old\r\n');
      await peer.on('AUTH TLS', '502 not implemented');
      await peer.line();
    });
    expect(error).to.be.instanceOf(ReplyError).with.property('message').that.includes('nothing is sent in clear');
    expect(lines).to.deep.equal(['AUTH TLS']);
  });

  for (const injected of ['230 you are in\r\n', '230', '\r\n']) {
    it(`takes ${JSON.stringify(injected)} in clear behind the 234 for an attack`, async () => {
      const { error, lines } = await refusedBy(async (peer) => {
        await peer.say('220 hello\r\n');
        await peer.on('AUTH TLS');
        await peer.say(`234 go ahead\r\n${injected}`);
        await peer.line();
      });
      expect(error).to.be.instanceOf(PlaintextInjectionError);
      expect(lines).to.deep.equal(['AUTH TLS']);
    });
  }

  it('refuses a certificate for another host', async () => {
    const { caPem } = await testCertificates();
    const { error } = await refusedBy(
      async (peer) => {
        await peer.say('220 hello\r\n');
        await peer.upgrade().catch(() => undefined);
      },
      { tls: { ca: caPem, serverName: 'elsewhere.example' } },
    );
    expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('says that TLS failed where the server goes on in clear', async () => {
    const { error } = await refusedBy(async (peer) => {
      await peer.say('220 hello\r\n');
      await peer.on('AUTH TLS', '234 go ahead');
      await peer.line();
      await peer.say('500 what?\r\n');
    });
    expect(error).to.be.instanceOf(HandshakeError);
  });

  it('has a LoginError for a wrong password, and shows the password nowhere', async () => {
    const published: unknown[] = [];
    const keep = (message: unknown): void => {
      published.push(message);
    };
    diagnosticsChannel.subscribe(CONTROL_CHANNEL, keep);
    const { error } = await refusedBy(async (peer) => {
      await peer.say('220 hello\r\n');
      await peer.upgrade();
      await peer.on('USER alice', '331 password');
      await peer.on('PASS secret', '530 Login incorrect');
    });
    diagnosticsChannel.unsubscribe(CONTROL_CHANNEL, keep);
    expect(error).to.be.instanceOf(LoginError).with.property('reply').that.includes({ code: 530 });
    expect(error).to.have.property('message', 'the server refused the login of alice: 530 Login incorrect');
    expect(inspect([error, published], { depth: 9 }))
      .to.include('PASS ***')
      .and.not.include('secret');
  });

  const deadEnds: readonly [string, string, string][] = [
    ['wants an account', '332 account?', 'ACCT'],
    ['refuses the user', '530 no such user', '530 no such user'],
    ['says 430', '430 invalid', '430'],
  ];
  for (const [what, answer, text] of deadEnds) {
    it(`has a LoginError where the server ${what}`, async () => {
      const { error } = await refusedBy(async (peer) => {
        await peer.say('220 hello\r\n');
        await peer.upgrade();
        await peer.on('USER alice', answer);
      });
      expect(error).to.be.instanceOf(LoginError).with.property('message').that.includes(text);
    });
  }

  it('has a LoginError where a password is wanted and none was given', async () => {
    const { error, lines } = await refusedBy(
      async (peer) => {
        await peer.say('220 hello\r\n');
        await peer.upgrade();
        await peer.on('USER alice', '331 password');
      },
      { password: undefined },
    );
    expect(error).to.be.instanceOf(LoginError).with.property('message').that.includes('wants a password');
    expect(lines).to.not.include('PASS');
  });

  it('has a retryable error where the server is full', async () => {
    const { error } = await refusedBy(async (peer) => {
      await peer.say('421 too many users\r\n');
    });
    expect(error).to.be.instanceOf(ReplyError).and.not.instanceOf(LoginError);
    expect(error).to.include({ retryable: true });
  });

  it('moves no file in clear: PROT P must be accepted', async () => {
    const { error } = await refusedBy(async (peer) => {
      await peer.say('220 hello\r\n');
      await peer.upgrade();
      await peer.on('USER alice', '230 in');
      await peer.on('PBSZ 0', '200 ok');
      await peer.on('PROT P', '536 not here');
    });
    expect(error).to.be.instanceOf(ReplyError).with.property('verb', 'PROT');
  });

  it('gives up a server that says nothing', async () => {
    const { error } = await refusedBy(
      async (peer) => {
        await peer.line();
      },
      { timeouts: { replyMs: 50 } },
    );
    expect(error).to.be.instanceOf(TimeoutError).with.property('phase', 'reply');
  });
});
