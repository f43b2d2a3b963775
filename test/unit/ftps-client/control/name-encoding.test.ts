import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { ConfigError, FtpsClient, FtpsPool, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions, withScriptedClient } from '../../../support/scripted-client.js';
import { scriptedServer, type ScriptedPeer } from '../../../support/scripted-server.js';

/** Lists these names, then has each removed under the name that was listed, and gives names and the DELE lines. */
async function listedAndRemoved(
  names: readonly Buffer[],
  { features = ['MLST type*;'], ...options }: Partial<FtpsClientOptions> & { features?: string[] } = {},
): Promise<{ listed: string[]; removed: string[] }> {
  const listed: string[] = [];
  const removed: string[] = [];
  const script = async (peer: ScriptedPeer): Promise<void> => {
    const data = await peer.passive();
    await peer.on('MLSD', '150 here it comes');
    await peer.send(
      data,
      Buffer.concat(names.flatMap((name) => [Buffer.from('type=file; '), name, Buffer.from('\r\n')])),
    );
    await peer.say('226 done\r\n');
    for (let count = names.length; count > 0; count--) await peer.on(/^DELE /, '250 gone');
    await peer.on('QUIT', '221 bye');
  };
  await withScriptedClient({ script, features, options }, async (client, server) => {
    for (const { name } of await collect(client.list())) {
      listed.push(name);
      await client.remove(name);
    }
    removed.push(...server.lines.filter((line) => line.startsWith('DELE ')).map((line) => line.slice(5)));
  });
  return { listed, removed };
}

const latin1 = Buffer.from('\xfcber', 'latin1');
const utf8 = Buffer.from('über');
const both = Buffer.from('\xfc\xff\xc3\xbc', 'latin1');

describe('names beyond ASCII', () => {
  it('are UTF-8 where the server lists it, and a name that is none is found again all the same', async () => {
    const features = ['UTF8', 'MLST type*;'];
    expect(await listedAndRemoved([utf8, latin1, both], { features })).to.deep.equal({
      listed: ['über', '\udcfcber', '\udcfc\udcffü'],
      removed: ['über', '\udcfcber', '\udcfc\udcffü'],
    });
  });

  it('are latin1 where the server does not list UTF8 and the first of them is none', async () => {
    expect(await listedAndRemoved([Buffer.from('plain'), latin1, utf8])).to.deep.equal({
      listed: ['plain', 'über', 'Ã¼ber'],
      removed: ['plain', '\udcfcber', 'über'],
    });
  });

  it('are UTF-8 where the server does not list it and all of the first are', async () => {
    expect(await listedAndRemoved([utf8])).to.deep.equal({ listed: ['über'], removed: ['über'] });
  });

  it('are what the options say', async () => {
    const { listed } = await listedAndRemoved([latin1, utf8], { encoding: 'utf8' });
    expect(listed).to.deep.equal(['\udcfcber', 'über']);
    const { listed: inLatin1, removed } = await listedAndRemoved([utf8, both], { encoding: 'latin1' });
    expect(inLatin1).to.deep.equal(['Ã¼ber', 'üÿÃ¼']);
    expect(removed).to.deep.equal(['über', '\udcfc\udcffü']);
  });

  it('that latin1 does not have are refused before they are sent, and the client goes on', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, options: { encoding: 'latin1' } }, async (client) => {
      expect(await rejection(client.size('€'))).to.be.instanceOf(ConfigError);
      expect(await client.size('a')).to.equal(1);
    });
  });
});
/** Opens two logins: each is held until the other stands. */
async function openTwo(pool: FtpsPool): Promise<void> {
  const standing = new EventEmitter();
  let count = 0;
  const hold = (): Promise<void> =>
    pool.run(async () => {
      count += 1;
      if (count === 2) standing.emit('both');
      else await once(standing, 'both');
    });
  await Promise.all([hold(), hold()]);
}

describe('names beyond ASCII, in a pool', () => {
  it('are spelled by logins that stand already as one of them has found out', async () => {
    const commands: string[] = [];
    const text = Buffer.from('type=file; caf\xe9\r\n', 'latin1');
    const play = async (peer: ScriptedPeer): Promise<void> => {
      await peer.login({ features: ['EPSV', 'MLST type*;'] });
      for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
        commands.push(line);
        if (line === 'QUIT') return peer.say('221 bye\r\n');
        if (line !== 'EPSV') {
          await peer.say('250 ok\r\n');
          continue;
        }
        const data = await peer.listenForData();
        await peer.say(`229 listening (|||${data.port}|)\r\n`);
        await peer.line();
        await peer.say('150 here\r\n');
        await peer.send(data, text);
        await peer.say('226 done\r\n');
      }
    };
    await using server = await scriptedServer(play);
    await using pool = new FtpsPool(await scriptedOptions(server), { size: 2 });
    await openTwo(pool);
    await pool.run(async (first) => {
      await pool.run(async (second) => {
        expect(second).not.to.equal(first);
        const [entry] = await collect(first.list());
        expect(entry?.name).to.equal('café');
        await second.remove('café');
        const [again] = await collect(second.list());
        expect(again?.name).to.equal('café');
      });
    });
    expect(commands).to.include('DELE caf\udce9');
  });

  it('lead back to a folder that was told before anybody knew how they are spelled', async () => {
    let logins = 0;
    const play = async (peer: ScriptedPeer): Promise<void> => {
      await peer.login({ features: ['EPSV', 'MLST type*;'] });
      logins += 1;
      if (logins === 2) {
        await peer.on('CWD /caf\udce9', '250 there');
        await peer.on('NOOP', '200 ok');
        return peer.on('QUIT', '221 bye');
      }
      await peer.on('CWD x', '250 there');
      await peer.on('PWD');
      await peer.sayBytes(Buffer.from('257 "/caf\xe9"\r\n', 'latin1'));
      const data = await peer.passive();
      await peer.on('MLSD', '150 here');
      await peer.send(data, Buffer.from('type=file; th\xe9\r\n', 'latin1'));
      await peer.say('226 done\r\n');
      peer.destroy();
    };
    await using server = await scriptedServer(play);
    await using client = await FtpsClient.connect({ ...(await scriptedOptions(server)), reconnect: true });
    await client.cwd('x');
    expect((await collect(client.list())).map(({ name }) => name)).to.deep.equal(['thé']);
    if (client.isOpen) await once(client, 'close');
    expect(await client.raw('NOOP')).to.include({ code: 200 });
  });
});
