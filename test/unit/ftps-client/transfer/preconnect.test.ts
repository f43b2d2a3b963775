import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AbortedError,
  ConfigError,
  FtpsClient,
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
import { scriptedOptions, thenClosed } from '../../../support/scripted-client.js';
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
  /** A script for each login. The first begins behind a listing, which shows that EPSV works. */
  readonly scripts: readonly ((scene: Scene) => Promise<void>)[];
}

/** Plays the scripts; `work` gets the client behind its first listing, and a promise that the first script resolves. */
async function play(
  { preconnect, options, scripts }: Play,
  work: (client: FtpsClient, told: Promise<void>, learned: () => string) => Promise<void>,
): Promise<readonly string[]> {
  const told = gate();
  const tell = (): void => {
    told.open();
  };
  let logins = 0;
  const server = await scriptedServer(async (peer) => {
    const script = scripts[logins++];
    await peer.login({ features, tls: true });
    if (logins === 1) await serve(peer, await peer.passive());
    await script?.({ peer, tell });
  });
  const memory = new ServerMemory();
  const learned = (): string => memory.traitsOf('127.0.0.1', server.port).preconnect.most;
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server, true)), ...options, memory, preconnect });
  await thenClosed(client, server, async () => {
    await collect(client.list());
    await work(client, told.opened, learned);
  });
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

/** Behind an aborted transfer where the replies stand is found out, and once more before it is done again. */
async function inStepTwice(peer: ScriptedPeer): Promise<void> {
  for (let barrier = 0; barrier < 2; barrier++) await peer.on('FEAT', '211 no features');
}

/** Plays a download of `a` whose login is asked in any order, and gives it `hello`. */
async function serveHello(peer: ScriptedPeer): Promise<void> {
  let data: ScriptedData | undefined;
  for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
    if (line === 'SIZE a') await peer.say('213 5\r\n');
    else if (line === 'EPSV') {
      data = await peer.listenForData();
      await peer.say(`229 (|||${data.port}|)\r\n`);
    } else if (line === 'RETR a' && data !== undefined) {
      await peer.say('150 here it comes\r\n');
      await peer.send(data, 'hello');
      await peer.say('226 done\r\n');
    } else if (line === 'QUIT') await peer.say('221 bye\r\n');
    else throw new Error(`the client said ${line}`);
  }
}

const nowhere = {
  write: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  discard: () => Promise.resolve(),
};

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

    it('leaves an upload as it was, which asks in its turn, and drops what is held behind the reply', async () => {
      let got = '';
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const held = await holdAhead(peer, preconnect);
        tell();
        const data = await peer.listenForData();
        await peer.on('EPSV');
        let isReplied = false;
        const dropped =
          preconnect === 'port' ? undefined : once((await held.socket()).resume(), 'end').then(() => isReplied);
        await delay(20);
        isReplied = true;
        await peer.say(`229 (|||${data.port}|)\r\n`);
        expect(await dropped).to.not.equal(false);
        got = await takeUpload(peer, data);
        await restOrQuit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        await client.upload(Readable.from([Buffer.from('pay'), Buffer.from('load')]), 'a', { verify: 'none' });
      });
      expect(got).to.equal('payload');
    });

    for (const [what, refusal] of [
      ['425 to STOR', '425 no data connection'],
      ['425 behind its 150', '150 go on\r\n425 no data connection'],
      ['421', '421 timed out'],
      ['nothing, and hangs up', undefined],
    ] as const) {
      it(`never sends STOR again by itself, where the server says ${what}`, async () => {
        const script = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.passive();
          await peer.on('STOR a', refusal);
          if (refusal === undefined) peer.destroy();
          // Whatever else it says.
          for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
            if (line === 'FEAT') await peer.say('211 no features\r\n');
            if (line === 'QUIT') await peer.say('221 bye\r\n');
          }
        };
        const lines = await play({ preconnect, scripts: [script] }, async (client, told) => {
          await told;
          await rejection(client.upload(Readable.from([Buffer.from('payload')]), 'a', { verify: 'none' }));
        });
        expect(lines.filter((line) => line.startsWith('STOR'))).to.have.lengthOf(1);
      });
    }

    for (const unasked of ['425 nobody came', '522 no TLS came', '426 it is gone']) {
      it(`takes ${unasked}, which was said of what is held, for no refusal of an upload's EPSV`, async () => {
        let got = '';
        const script = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.on('EPSV', unasked);
          // What it says to EPSV itself, and where that was taken for PASV's reply, to that.
          if (unasked.startsWith('522')) await peer.on('PASV', '229 (|||1|)');
          await peer.on(
            'FEAT',
            unasked.startsWith('522') ? '502 what?\r\n211 no features' : '229 (|||1|)\r\n211 no features',
          );
          got = await takeUpload(peer, await peer.passive());
          await restOrQuit(peer);
        };
        await play({ preconnect, scripts: [script] }, async (client, told) => {
          await told;
          await client.upload(Buffer.from('payload'), 'a', { verify: 'none' });
        });
        expect(got).to.equal('payload');
      });
    }

    for (const unasked of ['421 timed out', '425 nobody came\r\n229 (|||1|)']) {
      it(`does an upload on another login where ${unasked.slice(0, 3)} costs the login, before STOR`, async () => {
        let got = '';
        const first = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.on('EPSV', unasked);
          await peer.line();
        };
        const second = async ({ peer }: Scene): Promise<void> => {
          got = await takeUpload(peer, await peer.passive());
          await restOrQuit(peer);
        };
        await play({ preconnect, scripts: [first, second] }, async (client, told) => {
          await told;
          await client.upload(Readable.from([Buffer.from('pay'), Buffer.from('load')]), 'a', { verify: 'none' });
        });
        expect(got).to.equal('payload');
      });
    }

    it('is asked for no more by any login of a server that has no port', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        await holdAhead(peer, preconnect);
        tell();
        await peer.on('EPSV', '425 no port');
        await peer.on('FEAT', '211 no features');
        await peer.on('EPSV', '425 no port');
        await quit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told, learned) => {
        await told;
        expect(await rejection(client.upload(Buffer.from('payload'), 'a'))).to.be.instanceOf(ReplyError);
        expect(learned()).to.equal('off');
      });
    });

    it('accepts a download without 150 that what was held has served', async () => {
      const bytes = Buffer.alloc(1_000_000, 'x');
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await peer.on('RETR a');
        const channel = await data.channel();
        const sent = channel.write(bytes).then(() => channel.end());
        await peer.say('226 done\r\n');
        await sent;
        await restOrQuit(peer);
      };
      const lines = await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        const slow = { ...nowhere, write: () => delay(2) };
        expect(await client.download('a', slow, { verify: 'none' })).to.include({ bytes: bytes.length });
      });
      expect(lines.filter((line) => line === 'RETR a')).to.have.lengthOf(1);
    });

    for (const unasked of ['421 timed out', '425 nobody came', '426 it is gone', '522 no TLS came']) {
      it(`does a download on another login whose SIZE meets ${unasked}`, async () => {
        const first = async ({ peer, tell }: Scene): Promise<void> => {
          await holdAhead(peer, preconnect);
          tell();
          await peer.on('SIZE a', `${unasked}\r\n213 5`);
          await peer.line();
        };
        await play({ preconnect, scripts: [first, ({ peer }) => serveHello(peer)] }, async (client, told) => {
          await told;
          expect(await client.download('a', nowhere, { verify: 'size' })).to.include({ bytes: 5 });
        });
      });
    }

    it('comes between no two commands of which the first leads up to the second', async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, preconnect);
        tell();
        await serve(peer, data);
        await peer.on('RNFR a', '350 to what?');
        await peer.on('RNTO b', '250 renamed');
        await restOrQuit(peer);
      };
      await play({ preconnect, scripts: [script] }, async (client, told) => {
        await told;
        await list(client);
        await client.raw('RNFR', 'a');
        await delay(40);
        await client.raw('RNTO', 'b');
      });
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
        await play({ preconnect, scripts: [script] }, async (client, told) => {
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
        await play({ preconnect, scripts: [first, second] }, async (client, told) => {
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
      await play({ preconnect, scripts: [refused] }, async (client, told) => {
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
      await play({ preconnect, scripts: [completed, again] }, async (client, told) => {
        await told;
        await list(client);
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
  });
}

describe("preconnect: 'port'", () => {
  it('does a listing in order where the port is closed by then', async () => {
    const script = async ({ peer, tell }: Scene): Promise<void> => {
      await peer.on('EPSV', '229 (|||1|)');
      tell();
      await peer.on('MLSD');
      await peer.on('ABOR', '425 nobody came\r\n226 aborted');
      await inStepTwice(peer);
      await listAnew(peer);
      await quit(peer);
    };
    await play({ preconnect: 'port', scripts: [script] }, async (client, told) => {
      await told;
      await list(client);
    });
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
    await play({ preconnect: 'connection', scripts: [script] }, async (client, told) => {
      await told;
      await list(client);
    });
  });
});

describe("preconnect: 'connection'", () => {
  for (const answer of ['502 what is ABOR?', '226 of both', '225 of both', '200 of both']) {
    it(`takes the reply to its ABOR for none to the listing that it aborts (${answer})`, async () => {
      const script = async ({ peer, tell }: Scene): Promise<void> => {
        const data = await holdAhead(peer, 'connection');
        tell();
        await peer.on('MLSD');
        (await data.socket()).resetAndDestroy();
        await peer.on('ABOR', answer);
        await inStepTwice(peer);
        await listAnew(peer);
        await restOrQuit(peer);
      };
      await play({ preconnect: 'connection', scripts: [script] }, async (client, told, learned) => {
        await told;
        await list(client);
        expect(learned()).to.equal('port');
      });
    });
  }

  for (const how of ['says nothing', 'hangs up']) {
    it(`costs no call where the server ends the connection, and ${how} when it is told to let go`, async () => {
      const first = async ({ peer, tell }: Scene): Promise<void> => {
        (await (await holdAhead(peer, 'connection')).socket()).end();
        await peer.on('ABOR');
        tell();
        if (how === 'hangs up') peer.destroy();
        else await peer.line();
      };
      const second = async ({ peer }: Scene): Promise<void> => {
        await peer.on('DELE a', '250 gone');
        await quit(peer);
      };
      const options = { timeouts: { closeMs: 100 } };
      await play({ preconnect: 'connection', options, scripts: [first, second] }, async (client, told) => {
        await told;
        await client.remove('a');
      });
    });
  }
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
      await peer.login({ features, tls: true });
      await peer.on('EPSV', '500 what?');
      await serve(peer, await byPasv(peer));
      const data = await byPasv(peer);
      asked.open();
      await serve(peer, data);
      await peer.line();
    });
    const client = await FtpsClient.connect({ ...(await scriptedOptions(server, true)), preconnect: 'port' });
    await list(client);
    await asked.opened;
    await list(client);
    await client.close();
    await server.close();
  });

  for (const [what, options] of [
    ['where the server makes the data connections', { dataConnections: 'active' }],
    ['without TLS', { dangerouslyPlain: true }],
    ['where a ticket must be had that may be spent on what was held', { whenEmpty: 'fail' }],
  ] as const) {
    it(`is refused ${what}`, async () => {
      const error = await rejection(FtpsClient.connect({ host: '127.0.0.1', preconnect: 'port', ...options }));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes('preconnect');
    });
  }

  it('leaves 425, 426 and 522 what they are to a login on which nothing was asked ahead', async () => {
    for (const code of [425, 426, 522]) {
      const server = await scriptedServer(async (peer) => {
        await peer.login({ features, tls: true });
        await peer.on('DELE a', `${code} said of the file`);
        await peer.on('DELE b', '250 gone');
        await quit(peer);
      });
      const client = await FtpsClient.connect({ ...(await scriptedOptions(server, true)), preconnect: 'port' });
      expect(await rejection(client.remove('a')))
        .to.be.instanceOf(ReplyError)
        .with.nested.property('reply.code', code);
      await client.remove('b');
      await client.close();
      await server.close();
    }
  });
});
