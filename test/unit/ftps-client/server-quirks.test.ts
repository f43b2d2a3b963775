// What servers in the field do otherwise than the RFCs, each played by a script.
import { expect } from 'chai';
import { ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { rejection } from '../../support/rejection.js';
import { withScriptedClient } from '../../support/scripted-client.js';
import type { ScriptedPeer } from '../../support/scripted-server.js';

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

  const shapes: readonly [string, string, number][] = [
    ['lines without their code', '213-17\r\n is the size\r\n213 17\r\n', 0],
    ['a last line without text', '213-x\r\n213\r\n', 0],
    ['other codes within', '213-x\r\n200 not the end\r\n 213 nor this\r\n2134 nor this\r\n213 17\r\n', 0],
    ['bare LF', '213 17\n', 17],
    ['Telnet commands within', '213 \xff\xf11\xff\xfb\x017\r\n', 17],
  ];
  for (const [what, reply, size] of shapes) {
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
          if (size > 0) expect(lines).to.deep.equal([String(size)]);
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
});
