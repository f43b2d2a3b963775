import { expect } from 'chai';
import { outgoingPath } from '../../../../packages/ftps-client/src/control/outgoing-command.js';
import { collect } from '../../../support/collect.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

describe('a path that begins with a tilde or a hyphen', () => {
  it('is a name in the working folder to every command', async () => {
    const answers = {
      'DELE ./~': '250 ok',
      'RMD ./~': '250 ok',
      'MKD ./~root': '257 ok',
      'RNFR ./-a': '350 ok',
      'RNTO ./~': '250 ok',
      'SIZE ./~': '213 1',
      'MLST ./~': '250-x\r\n type=dir; ~\r\n250 ok',
      'MFMT 20260102030405 ./~': '213 ok',
      'HASH ./~': '213 SHA-256 0-1 ab ~',
      'CWD ./~': '250 ok',
      PWD: '257 "/~"',
    };
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (const [line, answer] of Object.entries(answers)) await peer.on(line, answer);
      const data = await peer.passive();
      await peer.on('MLSD ./~', '150 here');
      await peer.send(data, '');
      await peer.say('226 done\r\n');
      await peer.on('QUIT', '221 bye');
    };
    const features = ['MLST type*;', 'MFMT', 'HASH SHA-256*', 'EPSV'];
    await withScriptedClient({ script, features }, async (client) => {
      await client.remove('~');
      await client.removeDirectory('~');
      await client.mkdir('~root');
      await client.rename('-a', '~');
      await client.size('~');
      expect(await client.stat('~')).to.include({ name: '~', type: 'directory' });
      await client.setModified('~', new Date('2026-01-02T03:04:05Z'));
      await client.hash('~');
      await client.cwd('~');
      expect(await collect(client.list('~'))).to.deep.equal([]);
    });
  });

  it('keeps its name inside quotes and behind options', () => {
    expect(outgoingPath('XMD5', '~ x', { isQuoted: true }).shown).to.equal('XMD5 "./~ x"');
    expect(outgoingPath('LIST', '-l', { before: '-a ' }).shown).to.equal('LIST -a ./-l');
  });

  it('is left alone where something stands before it', () => {
    for (const path of ['/~', 'a/~', './~', ' ~', 'x-y', '.~']) {
      expect(outgoingPath('DELE', path).shown).to.equal(`DELE ${path}`);
    }
  });
});
