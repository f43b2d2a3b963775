import { once } from 'node:events';
import { expect } from 'chai';
import { ConnectionError, LimitError, UnsafeNameError, printable, type Entry } from '@ftps-kit/ftps-client';
import { folderEntry } from '../../../packages/ftps-client/src/remote/list-entry.js';
import { walkTree } from '../../../packages/ftps-client/src/remote/walk.js';
import { collect } from '../../support/collect.js';
import { rejection } from '../../support/rejection.js';
import { withScriptedClient } from '../../support/scripted-client.js';
import type { ScriptedPeer } from '../../support/scripted-server.js';

const steering = '\x1b]0;own\x07\x9b2J\u202e';

describe("a server's text in a message", () => {
  it('steers no terminal, makes up no line and turns no text round', () => {
    const text = 'a\x00b\x1b[2J\r\n\x7f\x85\x9b\u2028\u2029\u061c\u200e\u200f\u202a\u202e\u2066\u2069c';
    expect(printable(text)).to.equal(`a?b?[2J${'?'.repeat(14)}c`);
    expect(printable('größe 日本語 😀 e\u0301')).to.equal('größe 日本語 😀 e\u0301');
  });

  it('is shown so where it is the folder that the server names', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('PWD', `257 "/${steering}"`);
      await peer.on('CWD /', '250 ok');
      await peer.on(/^CWD /, '550 no');
    };
    await withScriptedClient({ script, features: ['EPSV'] }, async (client) => {
      const closed = once(client, 'close') as Promise<[{ error: Error }]>;
      await rejection(client.stat('/'));
      const [{ error }] = await closed;
      expect(error).to.be.instanceOf(ConnectionError);
      expect(error.message)
        .to.include('could not go back')
        .and.not.match(/[\p{Cc}\u202e]/u);
    });
  });

  it('is shown so where it is a name that was listed', async () => {
    const list = (): Promise<readonly Entry[]> => Promise.resolve([folderEntry(steering)]);
    const tooDeep = await rejection(collect(walkTree({ root: '/', width: 1, list })));
    expect(tooDeep).to.be.instanceOf(LimitError);
    for (const { message } of [tooDeep as LimitError, new UnsafeNameError(steering, 'it is not')]) {
      expect(message).not.to.match(/[\p{Cc}\u202e]/u);
    }
  });
});
