import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { ConnectionError, FtpsError, selectEngine } from '@ftps-kit/tls-core';
import { readAll } from '../support/channel-bytes.js';
import { heldPair } from '../support/held-pair.js';
import { rejection } from '../support/rejection.js';
import { tcpPair } from '../support/tcp-pair.js';
import { engineSides, newBindings, tlsEngineCompliance } from './tls-engine.js';

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

  for (const versions of ['1.3', '1.2'] as const) {
    for (const side of ['client', 'server'] as const) {
      it(`lives on when its ${side} is destroyed by who is told of a key, within TLS (TLS ${versions})`, async () => {
        for (let fatal = 1; fatal <= 5; fatal += 1) {
          const tcp = await tcpPair();
          let keys = 0;
          const listening = {
            dangerouslyLogKeys: () => {
              keys += 1;
              if (keys === fatal) tcp[side].destroy();
            },
          };
          const [server, client] = side === 'server' ? [listening, {}] : [{}, listening];
          const sides = await engineSides(selectEngine('node'), { versions, ...server }, { versions, ...client });
          const bindings = newBindings(sides);
          const opened = await Promise.allSettled([
            sides.connector.connect(tcp.client, { role: 'control', host: 'localhost', binding: bindings.client }),
            sides.acceptor.accept(tcp.server, { role: 'control', binding: bindings.server }),
          ]);
          for (const one of opened) {
            if (one.status === 'fulfilled') one.value.destroy();
            else expect(one.reason).to.be.instanceOf(FtpsError);
          }
        }
      });
    }

    it(`lives on when it is destroyed by who is told of a ticket (TLS ${versions})`, async () => {
      const sides = await engineSides(selectEngine('node'), { versions }, { versions });
      for (const fatal of [1, 2]) {
        const tcp = await tcpPair();
        const bindings = newBindings(sides);
        const { tickets } = bindings.client;
        let came = 0;
        tickets.insert = () => {
          came += 1;
          if (came === fatal) tcp.client.destroy();
        };
        const [client, server] = await Promise.allSettled([
          sides.connector.connect(tcp.client, { role: 'control', host: 'localhost', binding: bindings.client }),
          sides.acceptor.accept(tcp.server, { role: 'control', binding: bindings.server }),
        ]);
        if (client.status === 'fulfilled' && versions === '1.3') {
          expect(await rejection(client.value.read(Buffer.alloc(1)))).to.be.instanceOf(ConnectionError);
        }
        for (const one of [client, server]) if (one.status === 'fulfilled') one.value.destroy();
      }
    });
  }
});
