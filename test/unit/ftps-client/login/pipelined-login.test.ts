import { inspect } from 'node:util';
import { expect } from 'chai';
import { FtpsClient, LoginError, ReplyError, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { dialogueOf, unwaitedCommands } from '../../../support/control-dialogue.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script, type ScriptedPeer } from '../../../support/scripted-server.js';

const settings = ['PBSZ 0', 'PROT P', 'FEAT', 'TYPE I'];

/** Greets, secures, and asks for the password. */
async function untilPassword(peer: ScriptedPeer): Promise<void> {
  await peer.say('220 scripted\r\n');
  await peer.upgrade();
  await peer.on('USER alice', '331 password');
}

async function answerSettings(peer: ScriptedPeer, answer = '200 ok'): Promise<void> {
  for (const setting of settings) await peer.on(setting, answer);
}

/** Logs in on a server that plays these scripts to one connection after another, and gives what it heard. */
async function linesOf(
  scripts: readonly Script[],
  options: Partial<FtpsClientOptions>,
  work: (connect: () => Promise<FtpsClient>) => Promise<void>,
): Promise<readonly string[]> {
  const left = [...scripts];
  const server = await scriptedServer(async (peer) => {
    await left.shift()?.(peer);
  });
  const all = { ...(await scriptedOptions(server, true)), ...options };
  await work(() => FtpsClient.connect(all));
  await server.close();
  expect(left).to.have.lengthOf(0);
  return server.lines;
}

async function connectAndClose(connect: () => Promise<FtpsClient>): Promise<void> {
  const client = await connect();
  await client.close();
}

describe('a login whose settings go out with the password', () => {
  it('waits for no reply that it does not need', async () => {
    const inOneGo: Script = async (peer) => {
      await untilPassword(peer);
      for (const line of ['PASS secret', ...settings]) await peer.on(line);
      await peer.say('230 in\r\n200 ok\r\n200 ok\r\n211-Features\r\n UTF8\r\n211 End\r\n200 ok\r\n');
      // OPTS is not waited for: QUIT comes behind it.
      for (const line of ['OPTS UTF8 ON', 'QUIT']) await peer.on(line);
      await peer.say('501 no\r\n221 bye\r\n');
    };
    await linesOf([inOneGo], {}, connectAndClose);
  });

  it('goes one by one where it is told to', async () => {
    const oneByOne: Script = async (peer) => {
      await peer.login({ tls: true, features: ['EPSV', 'UTF8'] });
      await peer.on('QUIT', '221 bye');
    };
    await linesOf([oneByOne], { pipelining: 'off' }, async (connect) => {
      expect(unwaitedCommands(await dialogueOf(() => connectAndClose(connect)))).to.deep.equal([]);
    });
  });

  const silent: Script = async (peer) => {
    await untilPassword(peer);
    await peer.on('PASS secret', '230 in');
    await answerNothing(peer);
  };
  const hangsUp: Script = async (peer) => {
    await untilPassword(peer);
    await peer.on('PASS secret', '230 in');
    peer.destroy();
  };
  for (const [what, script] of [
    ['loses what came behind the password', silent],
    ['hangs up on it', hangsUp],
  ] as const) {
    it(`is made again one by one where the server ${what}, and stays so`, async () => {
      const dropped: Script = async (peer) => {
        await peer.login({ tls: true });
        peer.destroy();
      };
      const revived: Script = async (peer) => {
        await peer.login({ tls: true });
        await peer.on('NOOP', '200 ok');
        await peer.on('QUIT', '221 bye');
      };
      const options = { reconnect: true, timeouts: { replyMs: 500 } };
      await linesOf([script, dropped, revived], options, async (connect) => {
        const dialogue = await dialogueOf(async () => {
          const client = await connect();
          // The server is gone; sooner or later a call meets it, and the one behind it logs in again.
          while ((await client.raw('NOOP').catch(() => undefined)) === undefined);
          await client.close();
        });
        const first = dialogue.indexOf('AUTH TLS', 2);
        expect(unwaitedCommands(dialogue.slice(0, first))).to.include('PBSZ 0');
        const later = dialogue.slice(first).filter((line) => line !== 'NOOP');
        expect(later).to.include('PBSZ 0');
        expect(unwaitedCommands(later)).to.deep.equal([]);
      });
    });
  }

  it('sends the settings again to a server that heard them too early', async () => {
    const hasty: Script = async (peer) => {
      await untilPassword(peer);
      await peer.on('PASS secret', '230 in');
      await answerSettings(peer, '530 not logged in');
      await answerSettings(peer);
      await peer.on('QUIT', '221 bye');
    };
    await linesOf([hasty], {}, connectAndClose);
  });

  it('gives an account where one is wanted, and the settings behind it', async () => {
    const wantsAccount: Script = async (peer) => {
      await untilPassword(peer);
      await peer.on('PASS secret', '332 account?');
      await answerSettings(peer, '530 not logged in');
      await peer.on('ACCT books', '230 in');
      await answerSettings(peer);
      await peer.on('QUIT', '221 bye');
    };
    await linesOf([wantsAccount], { account: 'books' }, async (connect) => {
      const client = await connect();
      expect(inspect(client, { depth: 9, showHidden: true })).to.not.include('books');
      await client.close();
    });
  });

  it('gives an account where the user alone asks for it', async () => {
    const wantsAccount: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.upgrade();
      await peer.on('USER alice', '332 account?');
      await peer.on('ACCT books', '230 in');
      await answerSettings(peer);
      await peer.on('QUIT', '221 bye');
    };
    await linesOf([wantsAccount], { account: 'books' }, connectAndClose);
  });

  it('takes 202 for a password that was superfluous', async () => {
    const superfluous: Script = async (peer) => {
      await untilPassword(peer);
      await peer.on('PASS secret', '202 not needed');
      await answerSettings(peer);
      await peer.on('QUIT', '221 bye');
    };
    await linesOf([superfluous], {}, connectAndClose);
  });

  it('is tried once only with a wrong password, which might lock the account', async () => {
    const refuses: Script = async (peer) => {
      await untilPassword(peer);
      await peer.on('PASS secret', '530 wrong');
      await answerNothing(peer);
    };
    const lines = await linesOf([refuses], {}, async (connect) => {
      expect(await rejection(connect())).to.be.instanceOf(LoginError);
    });
    expect(lines.filter((line) => line.startsWith('PASS'))).to.have.lengthOf(1);
  });

  for (const refusal of ['534 not here', '536 not here', '504 P is not known']) {
    it(`is over where PROT P is answered with ${refusal}: nothing moves in clear`, async () => {
      const clearOnly: Script = async (peer) => {
        await untilPassword(peer);
        await peer.on('PASS secret', '230 in');
        await peer.on('PBSZ 0', '200 ok');
        await peer.on('PROT P', refusal);
        await answerNothing(peer);
      };
      await linesOf([clearOnly], {}, async (connect) => {
        const error = await rejection(connect());
        expect(error).to.be.instanceOf(ReplyError).and.include({ verb: 'PROT', retryable: false });
        expect(error).to.have.property('message').that.includes('no file moves in clear');
      });
    });
  }

  for (const refusal of ['334 ADAT?', '500 what?', '502 AUTH SSL only', '431 no security now']) {
    it(`says nothing more where AUTH TLS is answered with ${refusal}, AUTH SSL least of all`, async () => {
      const old: Script = async (peer) => {
        await peer.say('220 old\r\n');
        await peer.on('AUTH TLS', refusal);
        await answerNothing(peer);
      };
      const lines = await linesOf([old], {}, async (connect) => {
        const error = await rejection(connect());
        expect(error).to.be.instanceOf(ReplyError).and.include({ verb: 'AUTH' });
        expect(error).to.have.property('message').that.includes('nothing is sent in clear');
      });
      expect(lines).to.deep.equal(['AUTH TLS']);
    });
  }
});

/** Reads on, silent, until the client is gone. */
async function answerNothing(peer: ScriptedPeer): Promise<void> {
  while ((await peer.line()) !== undefined);
}
