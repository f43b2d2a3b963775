import { once } from 'node:events';
import { expect } from 'chai';
import {
  AbortedError,
  ConfigError,
  FtpsClient,
  NotResumedError,
  ProtocolError,
  ReplyError,
  ServerMemory,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { readAll } from '../../../support/channel-bytes.js';
import { collect } from '../../../support/collect.js';
import { dialogueOf } from '../../../support/control-dialogue.js';
import { gate } from '../../../support/gate.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type ScriptedData, type ScriptedPeer } from '../../../support/scripted-server.js';

const features = ['MLST type*;', 'REST STREAM', 'SIZE'];

type Preconnect = 'port' | 'connection';

/** What a script meets: the peer of the login that stands, and what tells the test that something has happened there. */
interface Scene {
  readonly peer: ScriptedPeer;
  /** Lets the test go on. */
  readonly tell: () => void;
}

interface Play {
  readonly preconnect: Preconnect;
  readonly options?: Partial<FtpsClientOptions>;
  readonly tls?: boolean;
  /** A script for each login. The first begins behind a listing, which shows that EPSV works. */
  readonly scripts: readonly ((scene: Scene) => Promise<void>)[];
}

/** Plays the scripts; `work` gets the client behind its first listing, and a promise that the first script resolves. */
async function play(
  { preconnect, options, tls = false, scripts }: Play,
  work: (client: FtpsClient, told: Promise<void>, learned: () => string) => Promise<void>,
): Promise<readonly string[]> {
  const told = gate();
  const tell = (): void => {
    told.open();
  };
  let logins = 0;
  const server = await scriptedServer(async (peer) => {
    const script = scripts[logins++];
    await peer.login({ features, tls });
    if (logins === 1) await serve(peer, await peer.passive());
    await script?.({ peer, tell });
  });
  const memory = new ServerMemory();
  const learned = (): string => memory.traitsOf('127.0.0.1', server.port).preconnect;
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server, tls)), ...options, memory, preconnect });
  try {
    await collect(client.list());
    await work(client, told.opened, learned);
  } catch (error) {
    const reason = server.failure ?? error;
    await Promise.allSettled([client.close(), server.close()]);
    throw reason;
  }
  await client.close();
  await server.close();
  expect(logins).to.equal(scripts.length);
  return server.lines;
}

/** Plays a listing without entries. */
async function serve(peer: ScriptedPeer, data: ScriptedData): Promise<void> {
  await peer.on('MLSD', '150 here it comes');
  await peer.send(data, '');
  await peer.say('226 done\r\n');
}

async function listAnew(peer: ScriptedPeer): Promise<void> {
  await serve(peer, await peer.passive());
}

/** Plays an upload of `a`, and gives what came. */
async function takeUpload(peer: ScriptedPeer, data: ScriptedData): Promise<string> {
  await peer.on('STOR a', '150 go on');
  const channel = await data.channel();
  const bytes = await readAll(channel);
  await channel.end();
  await peer.say('226 done\r\n');
  return bytes.toString();
}

async function letGo(peer: ScriptedPeer): Promise<void> {
  await peer.on('ABOR', '226 nothing to abort');
  await peer.on('FEAT', '211 no features');
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

/** Behind a transfer the client asks again once it is at rest, or is closed before that. */
async function restOrQuit(peer: ScriptedPeer): Promise<void> {
  const line = await peer.line();
  if (line === 'EPSV') await peer.say('425 not now\r\n');
  if (line === 'EPSV') await peer.on('FEAT', '211 no features');
  if (line !== 'QUIT') return quit(peer);
  await peer.say('221 bye\r\n');
}

/** Listens, and where the client connects ahead waits for that. */
async function holdAhead(peer: ScriptedPeer, preconnect: Preconnect): Promise<ScriptedData> {
  const data = await peer.passive();
  if (preconnect === 'connection') await data.socket();
  return data;
}

const list = async (client: FtpsClient): Promise<void> => {
  expect(await collect(client.list())).to.deep.equal([]);
};

for (const preconnect of ['port', 'connection'] as const) {
  describe(`preconnect: '${preconnect}'`, () => {
    it('has a listing begin with its command, and asks for the next one when the login is at rest', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        for (let round = 0; round < 2; round++) {
          const data = await holdAhead(peer, preconnect);
          tell();
          await serve(peer, data);
        }
        await restOrQuit(peer);
      };
      const lines = await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        for (let round = 0; round < 2; round++) {
          await list(client);
          if (round === 0) await once(client, 'reply', { signal: AbortSignal.timeout(5_000) });
        }
      });
      expect(lines.join(' ')).to.include('EPSV MLSD EPSV MLSD EPSV MLSD');
    });

    it('serves an upload too, whose command still goes out behind its connection', async () => {
      let got = '';
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await data.socket();
        got = await takeUpload(peer, data);
        await restOrQuit(peer);
      };
      await play({ preconnect, tls: true, scripts: [script] }, async (client, told) => {
        await told;
        await client.upload(Buffer.from('payload'), 'a', { verify: 'none' });
      });
      expect(got).to.equal('payload');
    });

    it('asks for nothing between calls that follow one another at once', async () => {
      const script = async ({ peer }: Scene): Promise<void> => {
        await peer.on('DELE a', '250 gone');
        await peer.on('DELE b', '250 gone');
        await restOrQuit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client) => {
        await client.remove('a');
        await client.remove('b');
      });
    });

    it('stays held over calls that move nothing', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await peer.on('DELE a', '250 gone');
        await serve(peer, data);
        await restOrQuit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        await client.remove('a');
        await list(client);
      });
    });

    for (const [what, refusal] of [
      ['425', '425 no data connection'],
      ['503', '503 EPSV first'],
      ['426 behind its 150', '150 here it comes\r\n426 it is gone'],
    ] as const) {
      it(`does a listing again in order where the server answers ${what}, and asks for less from then on`, async () => {
        const less = preconnect === 'connection' ? 'port' : 'off';
        const script = async ({ peer, tell }: Scene): Promise<void> => {
          const data = await holdAhead(peer, preconnect);
          tell();
          await peer.on('MLSD');
          await data.socket().then((socket) => socket.destroy());
          await peer.say(`${refusal}\r\n`);
          // Where the client saw the end of the connection before the reply, it says ABOR.
          const line = await peer.line();
          await peer.say(line === 'ABOR' ? '226 nothing to abort\r\n' : '211 no features\r\n');
          if (line === 'ABOR') for (let barrier = 0; barrier < 2; barrier++) await peer.on('FEAT', '211 no features');
          await listAnew(peer);
          if (less === 'off') return quit(peer);
          const port = await peer.passive();
          tell();
          await serve(peer, port);
          await restOrQuit(peer);
        };
        await play({ preconnect, tls: true, scripts: [script] }, async (client, told) => {
          await told;
          await list(client);
          if (less === 'port') await once(client, 'reply', { signal: AbortSignal.timeout(5_000) });
          if (less === 'port') await list(client);
        });
      });
    }

    it('does a listing on another login where the server says 421 to it, or hangs up', async () => {
      for (const last of ['421 passive port timed out\r\n', '']) {
        const first = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.on('MLSD', last === '' ? undefined : last.trim());
          peer.destroy();
        };
        const second = async ({ peer }: Scene): Promise<void> => {
          await listAnew(peer);
          await restOrQuit(peer);
        };
        await play({ preconnect, tls: true, scripts: [first, second] }, async (client, told) => {
          await told;
          await list(client);
        });
      }
    });

    it('takes neither a refusal nor a 226 that comes unasked for the reply to a listing', async () => {
      const refused = async ({ peer, tell }: Scene): Promise<void> => {
        await holdAhead(peer, preconnect);
        tell();
        // What is said unasked, and then of MLSD.
        await peer.on('MLSD', '522 no TLS came');
        await peer.on('FEAT', '550 no such folder\r\n211 no features');
        await peer.on('EPSV', '425 no port');
        await quit(peer);
      };
      await play({ preconnect, tls: true, scripts: [refused] }, async (client, told) => {
        await told;
        const error = await rejection(collect(client.list()));
        expect(error).to.be.instanceOf(ReplyError).with.nested.property('reply.code', 425);
      });
      const completed = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await peer.on('MLSD', '226 of something else');
        // The client may be gone by then.
        await peer.send(data, '').catch(() => undefined);
      };
      const again = async ({ peer }: Scene): Promise<void> => {
        await listAnew(peer);
        await restOrQuit(peer);
      };
      await play({ preconnect, tls: true, scripts: [completed, again] }, async (client, told) => {
        await told;
        await list(client);
      });
    });

    it('sends STOR once more only where the server has refused it', async () => {
      let got = '';
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await data.socket();
        await peer.on('STOR a', '425 no data connection');
        await peer.on('FEAT', '211 no features');
        const again = await peer.passive();
        got = await takeUpload(peer, again);
        await restOrQuit(peer);
      };
      await play({ preconnect, tls: true, scripts: [script] }, async (client, told) => {
        await told;
        const result = await client.upload(Buffer.from('payload'), 'a', { verify: 'none' });
        expect(result.attempts).to.equal(1);
      });
      expect(got).to.equal('payload');
    });

    it('fails an upload whose login is lost behind STOR, as nobody knows what came of it', async () => {
      const first = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await data.socket();
        await peer.on('STOR a');
        peer.destroy();
      };
      await play({ preconnect, tls: true, scripts: [first] }, async (client, told, learned) => {
        await told;
        await rejection(client.upload(Buffer.from('payload'), 'a', { verify: 'none' }));
        expect(client.isOpen).to.equal(false);
        // The next one is to go as ever.
        expect(learned()).to.equal(preconnect === 'connection' ? 'port' : 'off');
      });
    });

    for (const unasked of ['421 timed out', '522 no TLS came', '226 done', '250 done', '150 here']) {
      it(`opens the login again where the server says ${unasked} of its own, and never takes it for a reply`, async () => {
        const first = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.say(`${unasked}\r\n`);
          await peer.line();
        };
        const second = async ({ peer }: Scene): Promise<void> => {
          await peer.on('DELE a', '550 no such file');
          await quit(peer);
        };
        await play({ preconnect, scripts: [first, second] }, async (client, told) => {
          const closed = once(client, 'close');
          await told;
          await closed;
          const error = await rejection(client.remove('a'));
          expect(error).to.be.instanceOf(ReplyError).with.nested.property('reply.code', 550);
        });
      });
    }

    for (const [unasked, error] of [
      ['421 timed out', ReplyError],
      ['522 no TLS came', ProtocolError],
      ['425 nobody came', ProtocolError],
      ['426 it is gone', ProtocolError],
      ['226 done', ProtocolError],
    ] as const) {
      it(`fails a DELE that meets ${unasked}, and takes no reply for that of the next one`, async () => {
        const first = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.on('DELE a', `${unasked}\r\n250 gone`);
          await peer.line();
        };
        const second = async ({ peer }: Scene): Promise<void> => {
          await peer.on('DELE b', '550 no such file');
          await quit(peer);
        };
        await play({ preconnect, scripts: [first, second] }, async (client, told) => {
          await told;
          const [one, other] = [rejection(client.remove('a')), rejection(client.remove('b'))];
          expect(await one).to.be.instanceOf(error);
          expect(await other)
            .to.be.instanceOf(ReplyError)
            .with.nested.property('reply.code', 550);
        });
      });
    }

    it('is let go of at once by close, which says QUIT as ever', async () => {
      let ended: Promise<unknown> = Promise.resolve();
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        if (preconnect === 'connection') ended = data.socket().then((socket) => once(socket.resume(), 'end'));
        tell();
        await quit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        await client.close();
        await ended;
      });
    });

    it('keeps no call waiting that is aborted while the server is asked, nor close', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        await peer.on('EPSV');
        tell();
        await peer.on('QUIT', '229 (|||1|)\r\n221 bye');
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        const controller = new AbortController();
        const removed = rejection(client.remove('a', { signal: controller.signal }));
        setImmediate(() => {
          controller.abort();
        });
        expect(await removed).to.be.instanceOf(AbortedError);
        await client.close();
      });
    });

    it('has calls wait for the reply of a server that is asked, as it may do what comes together in any order', async () => {
      const called = gate();
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await peer.listenForData();
        await peer.on('EPSV');
        tell();
        await called.opened;
        await peer.say(`229 (|||${data.port}|)\r\n`);
        await peer.on('DELE a', '250 gone');
        await quit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        const dialogue = await dialogueOf(async () => {
          const removed = client.remove('a');
          setImmediate(() => {
            called.open();
          });
          await removed;
        });
        expect(dialogue).to.deep.equal(['229', 'DELE a', '250']);
      });
    });

    it('costs a login whose server does not answer when it is asked, and no call', async () => {
      const first = async ({ peer, tell }: Scene): Promise<void> => {
        await peer.on('EPSV');
        tell();
        await peer.line();
      };
      const second = async ({ peer }: Scene): Promise<void> => {
        await peer.on('DELE a', '250 gone');
        await quit(peer);
      };
      const options = { timeouts: { replyMs: 200 } };
      await play({ preconnect, options, scripts: [first, second] }, async (client, told, learned) => {
        await told;
        await client.remove('a');
        expect(learned()).to.equal('off');
      });
    });

    it('brings the replies into step where the server refuses, before anything else is said', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        await peer.on('EPSV', '425 said of something else');
        tell();
        await peer.on('FEAT', '229 (|||1|)\r\n211 no features');
        await peer.on('DELE a', '550 no such file');
        await listAnew(peer);
        await restOrQuit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        expect(await rejection(client.remove('a')))
          .to.be.instanceOf(ReplyError)
          .with.nested.property('reply.code', 550);
        await list(client);
      });
    });

    it('does not keep a transfer from failing before its command where no ticket is left', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        // node:tls gives two tickets at login, and none on a connection that resumed.
        await listAnew(peer);
        await holdAhead(peer, preconnect);
        tell();
        await quit(peer);
      };
      const options = { whenEmpty: 'fail' } as const;
      await play({ preconnect, tls: true, options, scripts: [script] }, async (client, told) => {
        await list(client);
        await told;
        expect(await rejection(client.upload(Buffer.from('x'), 'a'))).to.be.instanceOf(NotResumedError);
      });
    });
  });
}

describe("preconnect: 'port'", () => {
  it('does transfers in order where the port is closed by then, uploads before their command', async () => {
    for (const upload of [false, true]) {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        await peer.on('EPSV', '229 (|||1|)');
        tell();
        if (!upload) {
          await peer.on('MLSD');
          await peer.on('ABOR', '425 nobody came\r\n226 aborted');
          for (let barrier = 0; barrier < 2; barrier++) await peer.on('FEAT', '211 no features');
          await listAnew(peer);
        } else {
          await peer.on('FEAT', '211 no features');
          const data = await peer.passive();
          await takeUpload(peer, data);
        }
        await quit(peer);
      };
      const lines = await play({ preconnect: 'port', scripts: [script] }, async (client, told) => {
        await told;
        if (upload) await client.upload(Buffer.from('payload'), 'a', { verify: 'none' });
        else await list(client);
      });
      expect(lines.filter((line) => line.startsWith('STOR'))).to.have.lengthOf(upload ? 1 : 0);
    }
  });

  it('connects along with SIZE', async () => {
    const script = async ({ peer, tell }: Scene): Promise<void> => {
      const data = await peer.passive();
      tell();
      await peer.on('SIZE a');
      await data.socket();
      await peer.say('213 5\r\n');
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'hello');
      await peer.say('226 done\r\n');
      await restOrQuit(peer);
    };
    await play({ preconnect: 'port', scripts: [script] }, async (client, told) => {
      await told;
      const nowhere = {
        write: () => Promise.resolve(),
        commit: () => Promise.resolve(),
        discard: () => Promise.resolve(),
      };
      expect(await client.download('a', nowhere, { verify: 'size' })).to.include({ bytes: 5 });
    });
  });
});

describe("preconnect: 'connection'", () => {
  for (const how of ['end', 'resetAndDestroy'] as const) {
    it(`comes into step and asks for ports only, where the server ends the connection (${how})`, async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, 'connection');
        (await data.socket())[how]();
        await peer.say('');
        await letGo(peer);
        tell();
        await listAnew(peer);
        const port = await peer.passive();
        await serve(peer, port);
        await restOrQuit(peer);
      };
      await play({ preconnect: 'connection', scripts: [script] }, async (client, told) => {
        await told;
        await list(client);
        await once(client, 'reply', { signal: AbortSignal.timeout(5_000) });
        await list(client);
      });
    });
  }
});

describe("preconnect: 'connection'", () => {
  it('does not wait for a reply to a listing whose connection is gone, but aborts it and does it in order', async () => {
    const script = async ({ peer, tell }: Scene): Promise<void> => {
      const data = await holdAhead(peer, 'connection');
      tell();
      await peer.on('MLSD');
      (await data.socket()).resetAndDestroy();
      await peer.on('ABOR', '426 gone\r\n226 aborted');
      for (let barrier = 0; barrier < 2; barrier++) await peer.on('FEAT', '211 no features');
      await listAnew(peer);
      await restOrQuit(peer);
    };
    await play({ preconnect: 'connection', tls: true, scripts: [script] }, async (client, told) => {
      await told;
      await list(client);
    });
  });
});

describe('preconnect', () => {
  it('asks by PASV where EPSV is not understood', async () => {
    const byPasv = async (peer: ScriptedPeer): Promise<ScriptedData> => {
      const data = await peer.listenForData();
      await peer.on('PASV', `227 (127,0,0,1,${data.port >> 8},${data.port & 0xff})`);
      return data;
    };
    const asked = gate();
    const server = await scriptedServer(async (peer) => {
      await peer.login({ features });
      await peer.on('EPSV', '500 what?');
      await serve(peer, await byPasv(peer));
      const data = await byPasv(peer);
      asked.open();
      await serve(peer, data);
      await peer.line();
    });
    const client = await FtpsClient.connect({ ...(await scriptedOptions(server)), preconnect: 'port' });
    await list(client);
    await asked.opened;
    await list(client);
    await client.close();
    await server.close();
  });

  it('is refused where the server makes the data connections', async () => {
    const options = { host: '127.0.0.1', dataConnections: 'active', preconnect: 'port' } as const;
    expect(await rejection(FtpsClient.connect(options)))
      .to.be.instanceOf(ConfigError)
      .with.property('message')
      .that.includes('preconnect');
  });
});
