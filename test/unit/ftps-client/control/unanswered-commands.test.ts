import { expect } from 'chai';
import { AbortedError, ConnectionError, TimeoutError, type FtpsClient } from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script } from '../../../support/scripted-server.js';

const timeouts = { replyMs: 100, closeMs: 100 };

/** Says nothing to these commands, and waits until the client is gone. */
function silentAt(...commands: readonly string[]): Script {
  return async (peer) => {
    for (const command of commands) await peer.on(command, command.startsWith('RNFR') ? '350 to what' : undefined);
    await peer.line();
  };
}

describe('a command that is not answered', () => {
  for (const [what, commands, call, told] of [
    ['asks for something', ['SIZE /a'], (client) => client.size('/a'), 'SIZE /a was not answered: timed out'],
    ['makes a folder', ['MKD /a'], (client) => client.mkdir('/a'), 'MKD /a was not answered, and may have been done'],
    [
      'renames',
      ['RNFR /a', 'RNTO /b'],
      (client) => client.rename('/a', '/b'),
      'RNTO /b was not answered, and may have been done',
    ],
  ] satisfies readonly (readonly [string, readonly string[], (client: FtpsClient) => Promise<unknown>, string])[]) {
    it(`and ${what} is named by the error, and whether it may have been done`, async () => {
      await withScriptedClient({ script: silentAt(...commands), options: { timeouts } }, async (client) => {
        const error = await rejection(call(client));
        expect(error).to.be.instanceOf(TimeoutError).with.property('message').that.includes(told);
        // It is not what the next one is told.
        const next = await rejection(client.size('/next'));
        expect(next).to.be.instanceOf(ConnectionError).with.property('message').that.does.not.include('/a');
      });
    });
  }

  it('is named where the call is aborted', async () => {
    await withScriptedClient({ script: silentAt('DELE /a'), options: { timeouts } }, async (client) => {
      const controller = new AbortController();
      client.on('command', () => {
        controller.abort();
      });
      const error = await rejection(client.remove('/a', { signal: controller.signal }));
      expect(error)
        .to.be.instanceOf(AbortedError)
        .with.property('message')
        .that.includes('DELE /a was not answered, and may');
    });
  });
});
