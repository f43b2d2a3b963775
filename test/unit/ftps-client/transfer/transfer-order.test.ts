import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ConnectionError, FtpsClient, ReplyError, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { readAll } from '../../../support/channel-bytes.js';
import { collect } from '../../../support/collect.js';
import { dialogueOf, unwaitedCommands } from '../../../support/control-dialogue.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions, withScriptedClient } from '../../../support/scripted-client.js';
import { scriptedServer, type Script, type ScriptedPeer } from '../../../support/scripted-server.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const features = ['MLST type*;', 'REST STREAM', 'SIZE', 'MDTM'];
const UNREACHABLE = '229 (|||1|)';

/** Lists the current folder, which is empty, in whatever order the client goes about it. */
async function listNothing(peer: ScriptedPeer, asked: 'EPSV' | 'PASV' = 'EPSV'): Promise<void> {
  const data = asked === 'EPSV' ? await peer.passive() : await passiveByPasv(peer);
  await peer.on('MLSD', '150 here it comes');
  await peer.send(data, '');
  await peer.say('226 done\r\n');
}

async function passiveByPasv(peer: ScriptedPeer) {
  const data = await peer.listenForData();
  await peer.on('PASV', `227 (127,0,0,1,${data.port >> 8},${data.port & 0xff})`);
  return data;
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

/** Lists so many times, and gives what was said meanwhile. */
function listing(client: FtpsClient, times: number): Promise<readonly string[]> {
  return dialogueOf(async () => {
    for (let round = 0; round < times; round++) expect(await collect(client.list())).to.deep.equal([]);
  });
}

function hasty(dialogue: readonly string[]): readonly string[] {
  return unwaitedCommands(dialogue).filter((line) => /^(?:MLSD|REST|RETR)/.test(line));
}

async function expectAll(peer: ScriptedPeer, lines: readonly string[], answer: string): Promise<void> {
  for (const line of lines) await peer.on(line);
  await peer.say(`${answer}\r\n`);
}

/** Plays these scripts to one connection after another, and lists `times` on a client of theirs. */
async function listOn(scripts: readonly Script[], times: number, options: Partial<FtpsClientOptions> = {}) {
  const left = [...scripts];
  const server = await scriptedServer(async (peer) => {
    await peer.login({ features });
    await left.shift()?.(peer);
  });
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server)), ...options });
  try {
    return await listing(client, times);
  } finally {
    await client.close();
    await server.close();
    expect(left).to.have.lengthOf(0);
  }
}

describe('the command of a read', () => {
  it('goes out right behind EPSV, once a data connection was made that way', async () => {
    const script: Script = async (peer) => {
      for (let round = 0; round < 3; round++) await listNothing(peer);
      const data = await peer.listenForData();
      await expectAll(peer, ['EPSV', 'RETR a'], `229 (|||${data.port}|)\r\n150 here it comes`);
      await peer.send(data, 'hello');
      await peer.say('226 done\r\n');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      expect(hasty(await listing(client, 3))).to.deep.equal(['MLSD', 'MLSD']);
      const sink = new PassThrough();
      const [result, got] = await Promise.all([client.download('a', sink, { verify: 'none' }), text(sink)]);
      expect([result.bytes, got]).to.deep.equal([5, 'hello']);
    });
  });

  it('is not hurried any more where the questions before it were answered in another order', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      await expectAll(peer, ['SIZE a', 'MDTM a'], '213 20200101000000.000\r\n213 5');
      await peer.on('SIZE a', '213 5');
      await peer.on('MDTM a', '213 20200101000000');
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'hello');
      await peer.say('226 done\r\n');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await listing(client, 1);
      await withTemporaryFolder(async (folder) => {
        const dialogue = await dialogueOf(async () => {
          const result = await client.download('a', join(folder, 'a'), { resume: true });
          expect(result).to.include({ bytes: 5, sizeBytes: 5 });
        });
        expect(unwaitedCommands(dialogue)).to.deep.equal(['MDTM a']);
      });
    });
  });

  for (const [what, time, asksForPasv] of [
    ['taken for another one', '213 20200101000000', false],
    ['taken for a refusal of EPSV', '550 no time', true],
  ] as const) {
    it(`goes by a new EPSV where the first was answered before the questions, and the last reply ${what}`, async () => {
      const script: Script = async (peer) => {
        const unused = await peer.listenForData();
        await expectAll(peer, ['SIZE a', 'MDTM a', 'EPSV'], `229 (|||${unused.port}|)\r\n213 5\r\n${time}`);
        if (asksForPasv) await passiveByPasv(peer);
        for (let round = 0; round < 2; round++) {
          await peer.on('SIZE a', '213 5');
          await peer.on('MDTM a', time);
          const data = await peer.passive();
          await peer.on('RETR a', '150 here it comes');
          await peer.send(data, 'hello');
          await peer.say('226 done\r\n');
        }
        await quit(peer);
      };
      await withScriptedClient({ script, features }, async (client) => {
        const dialogue = await dialogueOf(async () => {
          for (let round = 0; round < 2; round++) {
            const sink = new PassThrough();
            const [result, got] = await Promise.all([client.download('a', sink, { retry: 2 }), text(sink)]);
            expect([result.attempts, got]).to.deep.equal([1, 'hello']);
          }
        });
        expect(unwaitedCommands(dialogue)).to.deep.equal(['MDTM a', 'EPSV']);
      });
    });
  }

  it('waits for REST, which a server that did both at once might do last', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      await peer.on('SIZE a', '213 5');
      await peer.on('MDTM a', '213 20200101000000');
      const data = await peer.passive();
      await peer.on('REST 2', '350 from 2');
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'llo');
      await peer.say('226 done\r\n');
      await peer.on('MDTM a', '213 20200101000000');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await listing(client, 1);
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        await writeFile(path, 'he');
        const dialogue = await dialogueOf(async () => {
          await client.download('a', path, { resume: 'in-place', verify: 'none' });
        });
        expect(hasty(dialogue)).to.deep.equal([]);
        expect(await readFile(path, 'utf8')).to.equal('hello');
      });
    });
  });

  it('waits for EPSV where the caller wants no haste, or a ticket that nobody had before', async () => {
    for (const options of [{ pipelining: 'off' }, { whenEmpty: 'fail' }] as const) {
      const script: Script = async (peer) => {
        for (let round = 0; round < 2; round++) await listNothing(peer);
        await quit(peer);
      };
      expect(hasty(await listOn([script], 2, options))).to.deep.equal([]);
    }
  });

  it('is sent again where EPSV gave no port this time, behind PASV if need be', async () => {
    for (const refusal of ['425 no port', '500 what?']) {
      const script: Script = async (peer) => {
        await listNothing(peer);
        await expectAll(peer, ['EPSV', 'MLSD'], `${refusal}\r\n425 use PASV`);
        if (refusal.startsWith('500')) {
          await peer.on('EPSV', refusal);
          await listNothing(peer, 'PASV');
        } else await listNothing(peer);
        await quit(peer);
      };
      await listOn([script], 2);
    }
  });

  it('is sent again where the server tries a data connection of its own instead, and has to be stopped', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      await expectAll(peer, ['EPSV', 'MLSD'], '425 no port\r\n150 connecting to you');
      await peer.abort('425 nobody there\r\n226 aborted');
      await listNothing(peer);
      await quit(peer);
    };
    await listOn([script], 2);
  });

  it('waits for the data connection from then on where it was refused without', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      const data = await peer.listenForData();
      await expectAll(peer, ['EPSV', 'MLSD'], `229 (|||${data.port}|)\r\n503 use PASV first`);
      for (let round = 0; round < 2; round++) await listNothing(peer);
      await quit(peer);
    };
    expect(hasty(await listOn([script], 3))).to.deep.equal(['MLSD']);
  });

  const timeouts = { replyMs: 300, closeMs: 2_000 };

  it('waits for EPSV from then on where the server lost it', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      await peer.passive();
      await peer.on('MLSD');
      await peer.abort('226 nothing to abort');
      for (let round = 0; round < 2; round++) await listNothing(peer);
      await quit(peer);
    };
    expect(hasty(await listOn([script], 3, { timeouts }))).to.deep.equal(['MLSD']);
  });

  const silent: Script = async (peer) => {
    await listNothing(peer);
    await peer.passive();
    // Whatever comes, ABOR too, until the client is gone.
    while ((await peer.line()) !== undefined);
  };
  const hangsUp: Script = async (peer) => {
    await listNothing(peer);
    await expectAll(peer, ['EPSV', 'MLSD'], '421 not so fast');
    peer.destroy();
  };
  for (const [what, script] of [
    ['says nothing more', silent],
    ['hangs up', hangsUp],
  ] as const) {
    it(`is sent on another login, behind EPSV, where the server ${what}`, async () => {
      const inOrder: Script = async (peer) => {
        for (let round = 0; round < 2; round++) await listNothing(peer);
        await quit(peer);
      };
      const dialogue = await listOn([script, inOrder], 3, { timeouts: { ...timeouts, closeMs: 300 } });
      expect(hasty(dialogue)).to.deep.equal(['MLSD']);
    });
  }

  it('is refused for good where the server was seen to take it there', async () => {
    const script: Script = async (peer) => {
      for (let round = 0; round < 2; round++) await listNothing(peer);
      await expectAll(peer, ['EPSV', 'MLSD'], '229 (|||1|)\r\n550 no such folder');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await listing(client, 2);
      const error = await rejection(client.list().next());
      expect(error).to.be.instanceOf(ReplyError).with.property('reply').that.includes({ code: 550 });
    });
  });
});

describe('a port of EPSV that cannot be reached', () => {
  it('is exchanged for one of PASV before an upload begins, and from then on', async () => {
    const script: Script = async (peer) => {
      await peer.on('EPSV', UNREACHABLE);
      const data = await passiveByPasv(peer);
      await peer.on('STOR a', '150 go on');
      expect((await readAll(await data.channel())).toString()).to.equal('hello');
      await peer.say('226 done\r\n');
      await listNothing(peer, 'PASV');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await client.upload(Buffer.from('hello'), 'a', { verify: 'none' });
      await listing(client, 1);
    });
  });

  it('is exchanged for one of PASV once the command that waits for it has ended, and from then on', async () => {
    const script: Script = async (peer) => {
      await peer.on('EPSV', UNREACHABLE);
      await peer.on('MLSD', '150 here it comes');
      await peer.abort('425 nobody came\r\n226 aborted');
      for (let round = 0; round < 2; round++) await listNothing(peer, 'PASV');
      await quit(peer);
    };
    await listOn([script], 2);
  });

  it('is exchanged for one of PASV on another login where the server still waits for it', async () => {
    const waits: Script = async (peer) => {
      await peer.on('EPSV', UNREACHABLE);
      while ((await peer.line()) !== undefined);
    };
    const script: Script = async (peer) => {
      await listNothing(peer, 'PASV');
      await quit(peer);
    };
    await listOn([waits, script], 1, { timeouts: { closeMs: 300 } });
  });

  it('is tried again on another login where PASV is not understood: the server may have been about to go', async () => {
    const goes: Script = async (peer) => {
      await peer.on('EPSV', UNREACHABLE);
      while ((await peer.line()) !== undefined);
    };
    const script: Script = async (peer) => {
      await peer.on('PASV', '502 what?');
      await listNothing(peer);
      await quit(peer);
    };
    await listOn([goes, script], 1, { timeouts: { closeMs: 300 } });
  });

  it('is tried again next time where PASV does no better, and is what the failure tells of', async () => {
    const script: Script = async (peer) => {
      await peer.on('EPSV', UNREACHABLE);
      await peer.on('PASV', '227 (127,0,0,1,0,1)');
      await peer.on('EPSV', UNREACHABLE);
      await peer.on('PASV', '500 what?');
      await listNothing(peer);
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      for (let round = 0; round < 2; round++) {
        const error = await rejection(client.upload(Buffer.from('x'), 'a', { verify: 'none' }));
        expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('firewall');
      }
      await listing(client, 1);
    });
  });

  it('is no reason to give EPSV up where one could be reached before', async () => {
    const script: Script = async (peer) => {
      await listNothing(peer);
      await peer.on('EPSV', UNREACHABLE);
      await listNothing(peer);
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await listing(client, 1);
      expect(await rejection(client.upload(Buffer.from('x'), 'a', { verify: 'none' }))).to.be.instanceOf(
        ConnectionError,
      );
      await listing(client, 1);
    });
  });
});
