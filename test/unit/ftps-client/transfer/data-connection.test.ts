import { expect } from 'chai';
import { ConnectionError, NotResumedError, ProtocolError, ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { dialogueOf } from '../../../support/control-dialogue.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

const sixNumbers = (port: number, host = '127,0,0,1'): string => `${host},${port >> 8},${port & 0xff}`;
const features = ['MLST type*;'];

/** Lists the current folder, which is empty, over `data`. */
async function listNothing(peer: ScriptedPeer, data: Awaited<ReturnType<ScriptedPeer['passive']>>): Promise<void> {
  await peer.on('MLSD', '150 here it comes');
  await peer.send(data, '');
  await peer.say('226 done\r\n');
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

describe('data connections', () => {
  for (const refusal of ['500 what?', '502 not implemented', '522 use (1,2)', '229 here, somewhere']) {
    it(`go by PASV for good where EPSV is answered with ${refusal}`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on('EPSV', refusal);
        for (let round = 0; round < 2; round++) {
          const data = await peer.listenForData();
          await peer.on('PASV', `227 Entering Passive Mode (${sixNumbers(data.port)})`);
          await listNothing(peer, data);
        }
        await quit(peer);
      };
      await withScriptedClient({ script, features }, async (client) => {
        for (let round = 0; round < 2; round++) expect(await collect(client.list())).to.deep.equal([]);
      });
    });
  }

  it('are not opened where EPSV gets the reply to another command, and ask for EPSV again', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '213 20200101000000');
      await listNothing(peer, await peer.passive());
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      expect(await rejection(collect(client.list()))).to.be.instanceOf(ProtocolError);
      expect(await collect(client.list())).to.deep.equal([]);
    });
  });

  it('go to the host of the control connection, whatever address PASV names', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '500 what?');
      const data = await peer.listenForData();
      await peer.on('PASV', `227 =${sixNumbers(data.port, '10,255,0,1')}`);
      await listNothing(peer, data);
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      await collect(client.list());
    });
  });

  it('go where PASV says when told to believe it', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '500 what?');
      const data = await peer.listenForData();
      await peer.on('PASV', `227 (${sixNumbers(data.port, '127,0,0,2')})`);
      await peer.on('MLSD');
      await peer.abort('425 nobody came\r\n226 aborted');
      await quit(peer);
    };
    await withScriptedClient({ script, features, options: { passiveAddress: 'reply' } }, async (client) => {
      const error = await rejection(client.list().next());
      expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('127.0.0.2');
    });
  });

  it('are not opened where the server has no port now, or gives none', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '425 no port');
      await peer.on('EPSV', '500 what?');
      await peer.on('PASV', '227 somewhere');
      await peer.on('PASV', '500 what?');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      expect(await rejection(client.list().next()))
        .to.be.instanceOf(ReplyError)
        .and.include({ retryable: true });
      expect(await rejection(client.list().next())).to.be.instanceOf(ProtocolError);
      expect(await rejection(client.list().next()))
        .to.be.instanceOf(ReplyError)
        .and.include({ retryable: false });
    });
  });

  it('that cannot be made leave the client usable, and say what may keep them away', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '229 (|||1|)');
      await peer.on('MLSD', '150 here it comes');
      await peer.abort('425 nobody came\r\n226 aborted');
      await peer.on('PASV', '500 what?');
      await peer.on('NOOP', '200 ok');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      const error = await rejection(client.list().next());
      expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('firewall');
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('may be handshaken before the 150, or behind it', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const early = await peer.passive();
      await peer.on('MLSD');
      const channel = await early.channel();
      await peer.say('150 here it comes\r\n');
      await channel.end();
      await peer.say('226 done\r\n');
      await listNothing(peer, await peer.passive());
      await quit(peer);
    };
    await withScriptedClient({ script, features, tls: true }, async (client) => {
      for (let round = 0; round < 2; round++) expect(await collect(client.list())).to.deep.equal([]);
    });
  });

  const refusals: readonly [string, string][] = [
    ['vsftpd', '522 SSL connection failed: session reuse required'],
    ['ProFTPD', '425 Unable to build data connection: Operation not permitted'],
    ['FileZilla Server', '425 Unable to build data connection: TLS session of data connection not resumed.'],
  ];
  for (const [server, reply] of refusals) {
    it(`that ${server} refuses because they did not resume are a NotResumedError with the remedy`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        const data = await peer.passive();
        await peer.on('MLSD', '150 here it comes');
        const channel = await data.channel(peer.otherBinding());
        channel.destroy();
        await peer.say(`${reply}\r\n`);
        await quit(peer);
      };
      await withScriptedClient({ script, features, tls: true }, async (client) => {
        const error = await rejection(client.list().next());
        expect(error).to.be.instanceOf(NotResumedError).and.include({ verdict: 'full-handshake' });
        expect(error).to.have.property('message').that.includes(reply).and.includes('pin TLS 1.2');
        expect(error).to.have.property('cause').that.is.instanceOf(ReplyError);
      });
    });
  }

  it('that cannot be made are never asked for by an upload: the old file stays as it is', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '229 (|||1|)');
      await peer.on('PASV', '500 what?');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      expect(await rejection(client.upload(Buffer.from('x'), 'a'))).to.be.instanceOf(ConnectionError);
    });
  });

  it('are made before the command, from then on, where the server refuses it without them', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('MLSD', '503 use PASV first');
      for (let round = 0; round < 2; round++) await listNothing(peer, await peer.passive());
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      const dialogue = await dialogueOf(async () => {
        for (let round = 0; round < 2; round++) expect(await collect(client.list())).to.deep.equal([]);
      });
      expect(dialogue.filter((line) => line === 'MLSD')).to.have.lengthOf(3);
    });
  });

  it('that nobody makes leave the server waiting no longer than until the client gives up', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('EPSV', '229 (|||1|)');
      await peer.on('MLSD', '550 no such folder');
      await peer.line();
      await peer.say('226 nothing to abort\r\n');
      await peer.on('FEAT', '211 no features');
      await quit(peer);
    };
    await withScriptedClient({ script, features }, async (client) => {
      // The refusal is the reason, and the failed connection its consequence.
      const error = await rejection(client.list().next());
      expect(error).to.be.instanceOf(ReplyError).with.property('reply').that.includes({ code: 550 });
    });
  });

  it('that fail with 425 for another reason keep that reason', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('MLSD', '425 cannot open data connection');
      await quit(peer);
    };
    await withScriptedClient({ script, features, tls: true }, async (client) => {
      expect(await rejection(client.list().next()))
        .to.be.instanceOf(ReplyError)
        .and.include({ retryable: true });
    });
  });

  it('that did not resume carry nothing where the caller says so', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      // The client may be gone before its part of the handshake is through.
      const channel = await data.channel(peer.otherBinding()).catch(() => undefined);
      await peer.abort('426 gone\r\n226 aborted');
      if (channel !== undefined) expect(await channel.read(Buffer.alloc(10)).catch(() => 0)).to.equal(0);
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true, options: { onNotResumed: 'fail' } }, async (client) => {
      const error = await rejection(client.upload(Buffer.from('payload'), 'a'));
      expect(error).to.be.instanceOf(NotResumedError).with.property('message').that.includes('nothing was transferred');
    });
  });

  it('are not asked for when no ticket is left and none may be used twice', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (let round = 0; round < 2; round++) await listNothing(peer, await peer.passive());
      await quit(peer);
    };
    await withScriptedClient({ script, features, tls: true, options: { whenEmpty: 'fail' } }, async (client) => {
      // node:tls sends two tickets at login, and none on a connection that resumed.
      for (let round = 0; round < 2; round++) await collect(client.list());
      const error = await rejection(client.upload(Buffer.from('payload'), 'a'));
      expect(error).to.be.instanceOf(NotResumedError).with.property('message').that.includes('reuse-last');
    });
  });
});
