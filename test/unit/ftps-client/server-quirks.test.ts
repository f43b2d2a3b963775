// What servers in the field do otherwise than the RFCs, each played by a script.
import { expect } from 'chai';
import { FtpsClient, ProtocolError, ReplyError, VerificationError } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { HASHING_FEATURES, withFaultyServer, type Fault } from '../../support/faulty-server.js';
import { rejection } from '../../support/rejection.js';
import { scriptedOptions, withScriptedClient } from '../../support/scripted-client.js';
import { scriptedServer, type ScriptedPeer } from '../../support/scripted-server.js';

const features = ['MLST type*;', 'SIZE'];
const entry = 'type=file; a\r\n';

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

/** Plays `listing`, once the client has asked for one, and gives the names that it saw. */
async function listed(
  listing: (peer: ScriptedPeer, data: Awaited<ReturnType<ScriptedPeer['passive']>>) => Promise<void>,
  tls = false,
): Promise<string[]> {
  let names: string[] = [];
  const script = async (peer: ScriptedPeer): Promise<void> => {
    const data = await peer.passive();
    await peer.on('MLSD');
    await listing(peer, data);
    await quit(peer);
  };
  await withScriptedClient({ script, features, tls }, async (client) => {
    names = (await collect(client.list())).map(({ name }) => name);
  });
  return names;
}

describe('a server that is not as others', () => {
  for (const tls of [false, true]) {
    const over = tls ? 'over TLS' : 'in clear';
    it(`may end the data connection before it says 150 (${over})`, async () => {
      const names = await listed(async (peer, data) => {
        await peer.send(data, entry);
        await peer.say('150 here it came\r\n226 done\r\n');
      }, tls);
      expect(names).to.deep.equal(['a']);
    });

    it(`may say 226 before the last byte, and before the first (${over})`, async () => {
      const names = await listed(async (peer, data) => {
        await peer.say('150 here it comes\r\n226 done\r\n');
        await peer.send(data, entry);
      }, tls);
      expect(names).to.deep.equal(['a']);
    });

    it(`may say 125, or nothing before 226 (${over})`, async () => {
      for (const replies of ['125 open already\r\n226 done\r\n', '250 done\r\n']) {
        const names = await listed(async (peer, data) => {
          await peer.send(data, entry);
          await peer.say(replies);
        }, tls);
        expect(names).to.deep.equal(['a']);
      }
    });
  }

  const shapes: readonly [string, string, readonly string[]][] = [
    ['lines without their code', '213-17\r\n is the size\r\n213 17\r\n', ['17', ' is the size', '17']],
    ['a last line without text', '213-x\r\n213\r\n', ['x', '']],
    [
      'other codes within',
      '213-x\r\n200 not the end\r\n 213 nor this\r\n2134 nor this\r\n213 17\r\n',
      ['x', '200 not the end', ' 213 nor this', '2134 nor this', '17'],
    ],
    ['bare LF', '213 17\n', ['17']],
    ['Telnet commands within', '213 \xff\xf11\xff\xfb\x017\r\n', ['17']],
    ['an empty line before it', '\r\n213 17\r\n', ['17']],
    ['empty lines within', '213-x\r\n\r\n213 17\r\n', ['x', '', '17']],
  ];
  for (const [what, reply, expected] of shapes) {
    it(`may answer with ${what}, in pieces of any size`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        for (let pieceBytes = 1; pieceBytes <= reply.length; pieceBytes++) {
          await peer.on('SITE x');
          for (let at = 0; at < reply.length; at += pieceBytes) {
            await peer.sayBytes(Buffer.from(reply.slice(at, at + pieceBytes), 'latin1'));
          }
        }
        await quit(peer);
      };
      await withScriptedClient({ script, features }, async (client) => {
        for (let pieceBytes = 1; pieceBytes <= reply.length; pieceBytes++) {
          const { code, lines } = await client.raw('SITE', 'x');
          expect(code).to.equal(213);
          expect(lines).to.deep.equal(expected);
        }
      });
    });
  }

  it('may refuse MLSD of one folder, and list the next', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('MLSD no', '550 no such folder');
      const data = await peer.passive();
      await peer.on('MLSD', '150 here it comes');
      await peer.send(data, entry);
      await peer.say('226 done\r\n');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      expect(await rejection(collect(client.list('no')))).to.be.instanceOf(ReplyError);
      expect(await collect(client.list())).to.have.lengthOf(1);
    });
  });

  for (const [call, lines, work] of [
    ['a removal', ['DELE a'], (client) => client.remove('a')],
    ['a new folder', ['MKD a'], (client) => client.mkdir('a')],
    ['a change of folder', ['CWD a'], (client) => client.cwd('a')],
    ['the second half of a renaming', ['RNFR a', 'RNTO b'], (client) => client.rename('a', 'b')],
  ] as readonly [string, readonly string[], (client: FtpsClient) => Promise<void>][]) {
    it(`has not done ${call} where it says 350, which waits for more`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        for (const line of lines) await peer.on(line, '350 and now?');
        await quit(peer);
      };
      await withScriptedClient({ script, features }, async (client) => {
        const error = await rejection(work(client));
        expect(error).to.be.instanceOf(ReplyError).with.nested.property('reply.code', 350);
        expect(error).to.have.property('verb', lines.at(-1)?.slice(0, 4).trim());
      });
    });
  }

  it('has neither taken nor given a file, nor listed a folder, where it ends that with 3yz', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const up = await peer.passive();
      await peer.on('STOR a', '150 go on');
      await (await up.channel()).read(Buffer.alloc(10));
      await peer.say('350 restart?\r\n');
      for (const line of ['RETR a', 'MLSD']) {
        const down = await peer.passive();
        await peer.on(line, '150 here it comes');
        await peer.send(down, entry);
        await peer.say('332 what account?\r\n');
      }
      await quit(peer);
    };
    await withScriptedClient({ script, features, options: { pipelining: 'off' } }, async (client) => {
      const calls = [
        () => client.upload(Buffer.from('hello'), 'a', { verify: 'none' }),
        () => client.createReadStream('a', { verify: 'none' }).resume().result,
        () => collect(client.list()),
      ];
      for (const call of calls) {
        const error = await rejection(call());
        expect(error).to.have.nested.property('reply.code').that.is.within(300, 399);
      }
    });
  });

  it('may end a transfer twice: the second 226 is not the reply to what comes next', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('MLSD', '150 here it comes');
      await peer.send(data, entry);
      await peer.say('226 done\r\n');
      await peer.on('DELE a', '226 done, as was said\r\n550 not yours');
    };
    await withScriptedClient({ script, features }, async (client) => {
      await collect(client.list());
      expect(await rejection(client.remove('a'))).to.be.instanceOf(ProtocolError);
      expect(client.isOpen).to.equal(false);
    });
  });

  it('may end an upload twice: the second 226 is not the hash that is asked for next, nor the reply to NOOP', async () => {
    const fault: Fault = async ({ verb, peer }) => {
      if (verb === 'HASH' || verb === 'NOOP') await peer.say('226 done, as was said\r\n');
      return false;
    };
    for (const options of [{ features: [...HASHING_FEATURES], fault }, { fault }]) {
      await withFaultyServer(options, async (client, server) => {
        const error = await rejection(client.upload(Buffer.from('a'), 'a').then(() => client.raw('noop')));
        expect(server.commands.at(-1)).to.match(/^(?:HASH a|NOOP)$/);
        expect(error).to.be.instanceOf(ProtocolError);
        expect(client.isOpen).to.equal(false);
      });
    }
  });

  /** Plays a login without FEAT, then `script`. */
  const withoutFeat = async (
    script: (peer: ScriptedPeer) => Promise<void>,
    work: (client: FtpsClient) => Promise<void>,
  ): Promise<void> => {
    await using server = await scriptedServer(async (peer) => {
      await peer.say('220 old\r\n');
      await peer.on('USER alice', '331 password');
      await peer.on('PASS secret', '230 in');
      await peer.on('FEAT', '502 what?');
      await peer.on('TYPE I', '200 ok');
      await script(peer);
    });
    await using client = await FtpsClient.connect({ ...(await scriptedOptions(server)), pipelining: 'off' });
    await work(client);
  };

  it('may have no FEAT, and is asked for the size of a file all the same', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '213 10');
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'hello');
      await peer.say('226 done\r\n');
      await peer.on('SIZE a', '213 10');
      await quit(peer);
    };
    await withoutFeat(script, async (client) => {
      const error = await rejection(client.createReadStream('a').resume().result);
      expect(error).to.be.instanceOf(VerificationError).with.property('reason', 'size-differs');
    });
  });

  it('may know neither FEAT nor SIZE, and is asked for that once', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (const lines of [['SIZE a'], []]) {
        for (const line of lines) await peer.on(line, '500 what?');
        const data = await peer.passive();
        await peer.on('RETR a', '150 here it comes');
        await peer.send(data, 'hello');
        await peer.say('226 done\r\n');
      }
      await quit(peer);
    };
    await withoutFeat(script, async (client) => {
      for (let round = 0; round < 2; round++) {
        const { verified } = await client.createReadStream('a').resume().result;
        expect(verified.by).to.equal('nothing');
      }
    });
  });

  for (const reply of ['213 -2147483648', '213 5 bytes', '200 5', '213 File status']) {
    it(`may tell a size that is none (${reply}): it is not known then, and the file comes all the same`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on('SIZE a', reply);
        const data = await peer.passive();
        await peer.on('RETR a', '150 here it comes');
        await peer.send(data, 'hello');
        await peer.say('226 done\r\n');
        await peer.on('SIZE a', reply);
        await quit(peer);
      };
      await withScriptedClient({ script, features, options: { pipelining: 'off' } }, async (client) => {
        const { verified, bytes } = await client.createReadStream('a').resume().result;
        expect([verified.by, bytes]).to.deep.equal(['nothing', 5]);
      });
    });
  }

  it('may tell a size in TYPE I only, and wants PBSZ before PROT', async () => {
    const state = { isBinary: false, hasBufferSize: false, isProtected: false };
    const answer = (line: string): string => {
      switch (line) {
        case 'USER alice':
          return '331 password';
        case 'PASS secret':
          return '230 in';
        case 'PBSZ 0':
          state.hasBufferSize = true;
          return '200 ok';
        case 'PROT P':
          state.isProtected = state.hasBufferSize;
          return state.hasBufferSize ? '200 ok' : '503 PBSZ first';
        case 'FEAT':
          return '211-Features\r\n SIZE\r\n211 End';
        case 'TYPE I':
          state.isBinary = true;
          return '200 ok';
        case 'SIZE a':
          return state.isBinary ? '213 17' : '550 SIZE not allowed in ASCII mode';
        default:
          return '221 bye';
      }
    };
    await using server = await scriptedServer(async (peer) => {
      await peer.say('220 strict\r\n');
      await peer.upgrade();
      for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
        await peer.say(`${answer(line)}\r\n`);
      }
    });
    await using client = await FtpsClient.connect(await scriptedOptions(server, true));
    expect(await client.size('a')).to.equal(17);
    expect(state.isProtected).to.equal(true);
  });

  it('may repeat the password in a later refusal, where it is not shown, and other words stay as they are', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('DELE a', '530 PASS secret first, this is no secretariat');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      const error = await rejection(client.remove('a'));
      expect(error).to.have.property('message').that.includes('530 PASS *** first, this is no secretariat');
    });
  });
});
