import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError, ReplyError } from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script } from '../../../support/scripted-server.js';

describe('a command whose call was aborted', () => {
  it('has its reply before anything else is sent, since a server may answer that one first', async () => {
    const mayAnswer = new AbortController();
    const script: Script = async (peer) => {
      await peer.on('DELE /a');
      await once(mayAnswer.signal, 'abort');
      await peer.say('250 gone\r\n');
      await peer.on('DELE /b', '550 permission denied');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      const controller = new AbortController();
      const said: string[] = [];
      client.on('command', ({ line }) => said.push(line));
      const first = rejection(client.remove('/a', { signal: controller.signal }));
      await once(client, 'command');
      controller.abort();
      expect(await first).to.be.instanceOf(AbortedError);

      const second = rejection(client.remove('/b'));
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      const saidBefore = [...said];
      mayAnswer.abort();
      expect(await second).to.be.instanceOf(ReplyError);
      expect(saidBefore).to.deep.equal(['DELE /a']);
    });
  });
});
