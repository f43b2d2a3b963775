import { expect } from 'chai';
import { ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script, ScriptedData, ScriptedPeer } from '../../../support/scripted-server.js';

const features = ['MLST type*;'];
const options = { transferKeepAliveMs: 20, timeouts: { closeMs: 2_000 } };

/** The next line that is no NOOP; those get this answer, if any, since one more may be on its way at any time. */
async function heard(peer: ScriptedPeer, answer: string | undefined): Promise<string | undefined> {
  for (;;) {
    const line = await peer.line();
    if (line !== 'NOOP') return line;
    if (answer !== undefined) await peer.say(`${answer}\r\n`);
  }
}

/** Takes EPSV and MLSD, and says 150; the data connection is left open. */
async function begin(peer: ScriptedPeer, noop = '200 ok'): Promise<ScriptedData> {
  const data = await peer.listenForData();
  expect(await heard(peer, noop)).to.equal('EPSV');
  await peer.say(`229 listening (|||${data.port}|)\r\n`);
  await peer.on('MLSD', '150 here it comes');
  return data;
}

async function askedWhereItIs(peer: ScriptedPeer, noop?: string): Promise<void> {
  expect(await heard(peer, noop)).to.equal('PWD');
  await peer.say('257 "/"\r\n');
  await peer.on('QUIT', '221 bye');
}

describe('NOOP in the middle of a transfer', () => {
  it('may be answered at once: its reply is not taken for that of the transfer', async () => {
    const script: Script = async (peer) => {
      const data = await begin(peer);
      for (let round = 0; round < 3; round++) await peer.on('NOOP', '200 ok');
      await peer.send(data, 'type=file; a\r\n');
      await peer.say('226 done\r\n');
      await askedWhereItIs(peer, '200 ok');
    };
    await withScriptedClient({ script, features, options }, async (client) => {
      expect((await collect(client.list())).map(({ name }) => name)).to.deep.equal(['a']);
      expect(await client.pwd()).to.equal('/');
    });
  });

  it('may be answered behind the transfer, all of them together', async () => {
    const script: Script = async (peer) => {
      const data = await begin(peer);
      for (let round = 0; round < 3; round++) await peer.on('NOOP');
      await peer.send(data, '');
      await peer.say('226 done\r\n200 ok\r\n200 ok\r\n200 ok\r\n');
      await askedWhereItIs(peer, '200 ok');
    };
    await withScriptedClient({ script, features, options }, async (client) => {
      expect(await collect(client.list())).to.deep.equal([]);
      expect(await client.pwd()).to.equal('/');
    });
  });

  it('that is refused is not said again, and fails no transfer', async () => {
    const script: Script = async (peer) => {
      for (let round = 0; round < 2; round++) {
        const data = await begin(peer, '500 Unknown command');
        if (round === 0) await peer.on('NOOP', '500 Unknown command');
        const channel = await data.channel();
        await channel.write(Buffer.from('type=file; a\r\n'));
        if (round === 1) await peer.on('ABOR', '426 gone\r\n226 aborted');
        else {
          await channel.end();
          await peer.say('226 done\r\n');
          await peer.on('FEAT', '211 no features');
        }
      }
      await peer.on('FEAT', '211 no features');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, features, options }, async (client) => {
      expect(await collect(client.list())).to.have.lengthOf(1);
      // The second one stands still for longer than a NOOP takes, and the script has ABOR as what comes next.
      const ends = AbortSignal.timeout(200);
      expect(await rejection(collect(client.list(undefined, { signal: ends })))).to.have.property(
        'name',
        'AbortedError',
      );
    });
  });

  it('that is left without a reply is not said again, and what comes next has its own', async () => {
    const script: Script = async (peer) => {
      const data = await begin(peer);
      await peer.on('NOOP');
      await peer.send(data, '');
      await peer.say('226 done\r\n');
      expect(await heard(peer, undefined)).to.equal('FEAT');
      await peer.say('211 no features\r\n');
      await askedWhereItIs(peer);
    };
    const impatient = { ...options, timeouts: { ...options.timeouts, replyMs: 500 } };
    await withScriptedClient({ script, features, options: impatient }, async (client) => {
      expect(await collect(client.list())).to.deep.equal([]);
      expect(await client.pwd()).to.equal('/');
    });
  });

  it('leaves the refusal of a transfer what it is', async () => {
    const script: Script = async (peer) => {
      const data = await begin(peer);
      await peer.on('NOOP', '200 ok');
      (await data.channel()).destroy();
      await peer.say('451 disk failed\r\n');
      expect(await heard(peer, '200 ok')).to.equal('QUIT');
      await peer.say('221 bye\r\n');
    };
    await withScriptedClient({ script, features, options }, async (client) => {
      const error = await rejection(collect(client.list()));
      expect(error).to.have.property('cause').that.is.instanceOf(ReplyError);
    });
  });
});
