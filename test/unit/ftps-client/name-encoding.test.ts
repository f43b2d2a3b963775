import { expect } from 'chai';
import { ConfigError, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { rejection } from '../../support/rejection.js';
import { withScriptedClient } from '../../support/scripted-client.js';
import type { ScriptedPeer } from '../../support/scripted-server.js';

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
