import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { ConnectionError, selectEngine } from '@ftps-kit/tls-core';
import { readAll } from '../support/channel-bytes.js';
import { heldPair } from '../support/held-pair.js';
import { rejection } from '../support/rejection.js';
import { engineSides, tlsEngineCompliance } from './tls-engine.js';

tlsEngineCompliance(() => selectEngine('node'));

describe('the node engine', () => {
  it('calls a reset one also where libuv gives it as FIN, right behind bytes that did not fill its buffer', async () => {
    const sides = await engineSides(selectEngine('node'));
    for (let round = 0; round < 20; round += 1) {
      await using pair = await heldPair(sides);
      await pair.server.write(randomBytes(20_000));
      const reading = rejection(readAll(pair.client));
      pair.hand(await pair.gathered(), 'reset');
      expect(await reading, `round ${round}`).to.be.instanceOf(ConnectionError);
    }
  });
});
