// Servers whose data connections resume under TLS 1.2 only: how that is found out, kept, and taken back.
import { Readable } from 'node:stream';
import { expect } from 'chai';
import {
  ConfigError,
  ConnectionError,
  FtpsClient,
  NotResumedError,
  ReplyError,
  ServerMemory,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script, type ScriptedPeer } from '../../../support/scripted-server.js';

const features = ['MLST type*;'];

/** Logs in, and takes one command whose data connection resumes, or is refused as vsftpd does. */
function serves(command: string, { resumes }: { resumes: boolean }, then?: Script): Script {
  return async (peer) => {
    await peer.login({ tls: true, features });
    const data = await peer.passive();
    await peer.on(command, '150 go on');
    if (!resumes) {
      const channel = await data.channel(peer.otherBinding()).catch(() => undefined);
      channel?.destroy();
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      peer.destroy();
      return;
    }
    const channel = await data.channel();
    if (command.startsWith('STOR')) while ((await channel.read(Buffer.alloc(100))) > 0);
    await channel.end();
    await peer.say('226 done\r\n');
    await (then ?? quit)(peer);
  };
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

/** Logs in, and is lost as soon as a data connection is asked for. */
const lost: Script = async (peer) => {
  await peer.login({ tls: true, features });
  await peer.on('EPSV');
  peer.destroy();
};

async function withServer(
  scripts: readonly Script[],
  work: (options: FtpsClientOptions) => Promise<void>,
): Promise<void> {
  const left = [...scripts];
  const server = await scriptedServer(async (peer) => {
    await left.shift()?.(peer);
  });
  await work({ ...(await scriptedOptions(server, true)), onNotResumed: 'pin-1.2' });
  await server.close();
  expect(left).to.have.lengthOf(0);
}

describe('a server whose data connections do not resume under TLS 1.3', () => {
  for (const [command, call] of [
    ['STOR a', (client: FtpsClient) => client.upload(Buffer.from('payload'), 'a', { verify: 'none' })],
    ['MLSD', (client: FtpsClient) => collect(client.list())],
  ] as const) {
    it(`gets ${command} again under TLS 1.2, which is told and remembered`, async () => {
      const memory = new ServerMemory();
      const scripts = [
        serves(command, { resumes: false }),
        serves(command, { resumes: true }),
        serves(command, { resumes: true }),
      ];
      await withServer(scripts, async (options) => {
        const client = await FtpsClient.connect({ ...options, memory });
        expect(client.handshake?.protocol).to.equal('TLSv1.3');
        const pins: unknown[] = [];
        client.on('pin', (event) => pins.push(event));
        await call(client);
        expect(client.handshake?.protocol).to.equal('TLSv1.2');
        expect(pins).to.deep.equal([{ host: '127.0.0.1', version: '1.2' }]);
        await client.close();

        const next = await FtpsClient.connect({ ...options, memory });
        expect(next.handshake?.protocol).to.equal('TLSv1.2');
        await call(next);
        await next.close();
      });
    });
  }

  it('is tried once with TLS 1.2, and not taken for pinned where that does not help either', async () => {
    const memory = new ServerMemory();
    const scripts = [serves('MLSD', { resumes: false }), serves('MLSD', { resumes: false })];
    await withServer(scripts, async (options) => {
      const client = await FtpsClient.connect({ ...options, memory });
      expect(await rejection(collect(client.list()))).to.be.instanceOf(NotResumedError);
      expect(await memory.isPinned('127.0.0.1', options.port ?? 0)).to.equal(false);
      await client.close();
    });
  });

  it('is tried again with TLS 1.2 where the connection was lost while that was found out', async () => {
    const memory = new ServerMemory();
    const scripts = [
      serves('MLSD', { resumes: false }),
      lost,
      serves('MLSD', { resumes: false }),
      serves('MLSD', { resumes: true }),
    ];
    await withServer(scripts, async (options) => {
      const client = await FtpsClient.connect({ ...options, memory, reconnect: true });
      expect(await rejection(collect(client.list()))).to.be.instanceOf(ConnectionError);
      expect(await collect(client.list())).to.deep.equal([]);
      expect(client.handshake?.protocol).to.equal('TLSv1.2');
      await client.close();
    });
  });

  it('is remembered where the first transfer with TLS 1.2 fails otherwise, once another one succeeds', async () => {
    const memory = new ServerMemory();
    const busyFirst: Script = async (peer) => {
      await peer.login({ tls: true, features });
      await peer.passive();
      await peer.on('MLSD', '450 busy');
      await peer.on('SIZE a', '213 1');
      expect(await memory.isPinned('127.0.0.1', port)).to.equal(false);
      const data = await peer.passive();
      await peer.on('MLSD', '150 go on');
      await (await data.channel()).end();
      await peer.say('226 done\r\n');
      await quit(peer);
    };
    let port = 0;
    await withServer([serves('MLSD', { resumes: false }), busyFirst], async (options) => {
      port = options.port ?? 0;
      const client = await FtpsClient.connect({ ...options, memory });
      expect(await rejection(collect(client.list()))).to.be.instanceOf(ReplyError);
      await client.size('a');
      expect(await memory.isPinned('127.0.0.1', port), 'pinned by SIZE').to.equal(false);
      expect(await collect(client.list())).to.deep.equal([]);
      expect(await memory.isPinned('127.0.0.1', port)).to.equal(true);
      await client.close();
    });
  });

  it('is spoken TLS 1.3 with again where a later transfer is the first to tell that TLS 1.2 does not help', async () => {
    const memory = new ServerMemory();
    const busyFirst: Script = async (peer) => {
      await peer.login({ tls: true, features });
      await peer.passive();
      await peer.on('MLSD', '450 busy');
      await peer.passive();
      await peer.on('MLSD', '150 go on');
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      await peer.on('NOOP');
      peer.destroy();
    };
    const after: Script = async (peer) => {
      await peer.login({ tls: true, features });
      await peer.on('SIZE a', '213 1');
      await quit(peer);
    };
    await withServer([serves('MLSD', { resumes: false }), busyFirst, after], async (options) => {
      const client = await FtpsClient.connect({ ...options, memory, reconnect: true });
      expect(await rejection(collect(client.list()))).to.be.instanceOf(ReplyError);
      expect(await rejection(collect(client.list()))).to.be.instanceOf(NotResumedError);
      expect(await rejection(client.raw('NOOP'))).to.be.instanceOf(ConnectionError);
      await client.size('a');
      expect(client.handshake?.protocol).to.equal('TLSv1.3');
      await client.close();
    });
  });

  it('gets an upload in its next attempt where the connection was lost during the first with TLS 1.2', async () => {
    const scripts = [
      serves('STOR a', { resumes: false }),
      lost,
      serves('STOR a', { resumes: false }),
      serves('STOR a', { resumes: true }),
    ];
    await withServer(scripts, async (options) => {
      const client = await FtpsClient.connect(options);
      const retry = { attempts: 2, wait: () => Promise.resolve() };
      const result = await client.upload(Buffer.from('payload'), 'a', { verify: 'none', retry });
      expect(result).to.nested.include({ attempts: 2, 'handshake.protocol': 'TLSv1.2' });
      await client.close();
    });
  });

  it('is logged in to with TLS 1.3 where TLS 1.2 was switched off since it was pinned, and the pin is taken back', async () => {
    const memory = new ServerMemory();
    const server = await scriptedServer(
      async (peer) => {
        const isIn = await peer.login({ tls: true, features }).then(
          () => true,
          () => false,
        );
        if (isIn) await quit(peer);
      },
      { versions: '1.3' },
    );
    await memory.pin('127.0.0.1', server.port);
    const options = { ...(await scriptedOptions(server, true)), onNotResumed: 'pin-1.2', memory } as const;
    const client = await FtpsClient.connect(options);
    expect(client.handshake?.protocol).to.equal('TLSv1.3');
    expect(await memory.isPinned('127.0.0.1', server.port)).to.equal(false);
    await client.close();
    await server.close();
  });

  it('says that a stream that was read cannot come again with TLS 1.2, and what to give instead', async () => {
    const refusesLate: Script = async (peer) => {
      await peer.login({ tls: true, features });
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      const channel = await data.channel();
      await channel.read(Buffer.alloc(100));
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      await peer.on('QUIT', '221 bye');
    };
    await withServer([refusesLate], async (options) => {
      const client = await FtpsClient.connect(options);
      const error = await rejection(client.upload(Readable.from([Buffer.from('payload')]), 'a', { verify: 'none' }));
      expect(error)
        .to.be.instanceOf(NotResumedError)
        .with.property('message')
        .that.includes('it was not tried with TLS 1.2: the source is a stream that is read already');
      await client.close();
    });
  });

  it('gets a stream that nothing was read of again under TLS 1.2', async () => {
    const refused: Script = async (peer) => {
      await peer.login({ tls: true, features });
      const data = await peer.passive();
      await peer.on('STOR a');
      (await data.channel(peer.otherBinding()).catch(() => undefined))?.destroy();
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      peer.destroy();
    };
    await withServer([refused, serves('STOR a', { resumes: true })], async (options) => {
      const client = await FtpsClient.connect(options);
      const result = await client.upload(Readable.from([Buffer.from('payload')]), 'a', { verify: 'none' });
      expect(result).to.nested.include({ sizeBytes: 7, 'handshake.protocol': 'TLSv1.2' });
      await client.close();
    });
  });

  it('is not tried again where the options do not say so', async () => {
    await withServer([serves('MLSD', { resumes: false })], async (options) => {
      const client = await FtpsClient.connect({ ...options, onNotResumed: 'fail' });
      expect(await rejection(collect(client.list()))).to.be.instanceOf(NotResumedError);
      await client.close();
    });
  });

  it('cannot be pinned where TLS 1.2 is not allowed', async () => {
    const options = { host: 'localhost', onNotResumed: 'pin-1.2', tls: { versions: '1.3' } } as const;
    expect(await rejection(FtpsClient.connect(options))).to.be.instanceOf(ConfigError);
  });
});

describe('a server whose data connections do not resume any more under the TLS 1.2 that is pinned for it', () => {
  const host = '127.0.0.1';

  it('is spoken TLS 1.3 with within the same call, and the pin is taken back, which is told', async () => {
    const memory = new ServerMemory();
    const scripts = [
      serves('STOR a', { resumes: false }),
      serves('STOR a', { resumes: true }),
      serves('STOR a', { resumes: true }),
    ];
    await withServer(scripts, async (options) => {
      await memory.pin(host, options.port ?? 0);
      const client = await FtpsClient.connect({ ...options, memory });
      expect(client.handshake?.protocol).to.equal('TLSv1.2');
      const told: unknown[] = [];
      client.on('unpin', (event) => told.push(event));
      const result = await client.upload(Buffer.from('payload'), 'a', { verify: 'none' });
      expect(result).to.nested.include({ 'handshake.protocol': 'TLSv1.3', resumed: true, attempts: 1 });
      expect(told).to.deep.equal([{ host }]);
      expect(await memory.isPinned(host, options.port ?? 0)).to.equal(false);
      await client.close();

      const next = await FtpsClient.connect({ ...options, memory });
      expect(next.handshake?.protocol).to.equal('TLSv1.3');
      await next.upload(Buffer.from('payload'), 'a', { verify: 'none' });
      await next.close();
    });
  });

  it('is pinned again where it was changed back', async () => {
    const memory = new ServerMemory();
    const resumesOnce: Script = serves('MLSD', { resumes: true }, async (peer) => {
      const data = await peer.passive();
      await peer.on('MLSD', '150 go on');
      (await data.channel(peer.otherBinding()).catch(() => undefined))?.destroy();
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      peer.destroy();
    });
    const scripts = [serves('MLSD', { resumes: false }), resumesOnce, resumesOnce, serves('MLSD', { resumes: true })];
    await withServer(scripts, async (options) => {
      const client = await FtpsClient.connect({ ...options, memory, pipelining: 'off' });
      const versions: (string | undefined)[] = [];
      for (let call = 0; call < 3; call++) {
        await collect(client.list());
        versions.push(client.handshake?.protocol);
      }
      expect(versions).to.deep.equal(['TLSv1.2', 'TLSv1.3', 'TLSv1.2']);
      expect(await memory.isPinned(host, options.port ?? 0)).to.equal(true);
      await client.close();
    });
  });

  it('is an error where TLS 1.3 does not help either, after three logins in all, however many calls', async () => {
    const memory = new ServerMemory();
    /** Lives on, as ProFTPD does. */
    const refuses: Script = async (peer) => {
      await peer.login({ tls: true, features });
      let data = await peer.listenForData();
      for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
        if (line === 'EPSV') {
          data = await peer.listenForData();
          await peer.say(`229 listening (|||${data.port}|)\r\n`);
        } else if (line === 'MLSD') {
          await peer.say('150 go on\r\n');
          (await data.channel(peer.otherBinding()).catch(() => undefined))?.destroy();
          await peer.say('425 the TLS session was not resumed\r\n');
        } else await peer.say(line === 'FEAT' ? '211 no features\r\n' : '200 ok\r\n');
      }
    };
    let logins = 0;
    await using server = await scriptedServer(async (peer) => {
      logins += 1;
      await refuses(peer);
    });
    await memory.pin(host, server.port);
    const options = { ...(await scriptedOptions(server, true)), onNotResumed: 'pin-1.2', memory } as const;
    const client = await FtpsClient.connect({ ...options, reconnect: true, pipelining: 'off' });
    const counts: number[] = [];
    for (let call = 0; call < 5; call++) {
      expect(await rejection(collect(client.list()))).to.be.instanceOf(NotResumedError);
      counts.push(logins);
    }
    expect(counts).to.deep.equal([2, 3, 3, 3, 3]);
    expect(await memory.isPinned(host, server.port)).to.equal(false);
    await client.close();
  });

  it('is spoken TLS 1.3 with by the next login of a client that began before another one took the pin back', async () => {
    const memory = new ServerMemory();
    const lost: Script = async (peer) => {
      await peer.login({ tls: true, features });
      await peer.on('NOOP');
      peer.destroy();
    };
    const after: Script = async (peer) => {
      await peer.login({ tls: true, features });
      await peer.on('NOOP', '200 ok');
      await quit(peer);
    };
    await withServer([lost, after], async (options) => {
      await memory.pin(host, options.port ?? 0);
      const client = await FtpsClient.connect({ ...options, memory, reconnect: true });
      expect(client.handshake?.protocol).to.equal('TLSv1.2');
      await rejection(client.raw('NOOP'));
      await memory.unpin(host, options.port ?? 0);
      await client.raw('NOOP');
      expect(client.handshake?.protocol).to.equal('TLSv1.3');
      await client.close();
    });
  });

  it('says that a stream that was read cannot come again, and is tried with TLS 1.3 by the next call', async () => {
    const memory = new ServerMemory();
    const refusesLate: Script = async (peer) => {
      await peer.login({ tls: true, features });
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      await (await data.channel()).read(Buffer.alloc(100));
      await peer.say('522 SSL connection failed: session reuse required\r\n');
      await peer.line();
      peer.destroy();
    };
    await withServer([refusesLate, serves('STOR a', { resumes: true })], async (options) => {
      await memory.pin(host, options.port ?? 0);
      const client = await FtpsClient.connect({ ...options, memory, reconnect: true });
      const stream = Readable.from([Buffer.from('payload')]);
      expect(await rejection(client.upload(stream, 'a', { verify: 'none' })))
        .to.be.instanceOf(NotResumedError)
        .with.property('message')
        .that.includes('it was not tried with TLS 1.3: the source is a stream that is read already');
      await rejection(client.raw('NOOP'));
      const result = await client.upload(Readable.from([Buffer.from('payload')]), 'a', { verify: 'none' });
      expect(result).to.nested.include({ 'handshake.protocol': 'TLSv1.3' });
      await client.close();
    });
  });
});

describe('a server that has no TLS 1.2, and whose data connections do not resume', () => {
  it('is an error that says so, once for each call, and the client goes on with TLS 1.3', async () => {
    let logins = 0;
    await using server = await scriptedServer(
      async (peer) => {
        const isIn = await peer.login({ tls: true, features }).then(
          () => true,
          () => false,
        );
        if (!isIn) return;
        logins += 1;
        if (logins === 1) {
          const data = await peer.passive();
          await peer.on('MLSD', '150 go on');
          (await data.channel(peer.otherBinding()).catch(() => undefined))?.destroy();
          await peer.say('522 SSL connection failed: session reuse required\r\n');
        }
        for (;;)
          if ((await peer.line()) === undefined) return;
          else await peer.say('200 ok\r\n');
      },
      { versions: '1.3' },
    );
    const client = await FtpsClient.connect({ ...(await scriptedOptions(server, true)), onNotResumed: 'pin-1.2' });
    expect(await rejection(collect(client.list())))
      .to.be.instanceOf(NotResumedError)
      .with.property('message')
      .that.includes('TLS 1.2 cannot be tried instead');
    expect((await client.raw('NOOP')).code).to.equal(200);
    expect(client.handshake?.protocol).to.equal('TLSv1.3');
    expect(logins).to.equal(2);
    await client.close();
  });
});
