// What every TLS engine makes of a record that is none, which whoever sits in between can send; part of its contract.
import { randomBytes } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { FtpsError, type TlsChannel, type TlsEngine } from '@ftps-kit/tls-core';
import { readToFailure } from '../support/channel-bytes.js';
import { rejection } from '../support/rejection.js';
import { tappedPair, type TappedPair } from '../support/tapped-pair.js';
import { engineSides } from './tls-engine.js';

/** RFC 8446 §5.2: the head of an encrypted record; nobody has the key to what follows. */
const BAD_RECORD = Buffer.from([23, 3, 3, 0, 32, ...Buffer.alloc(32)]);

export function tlsBadRecordCompliance(engine: TlsEngine, versions: '1.2' | '1.3'): void {
  describe('a record that is none', () => {
    const connect = async (): Promise<TappedPair> => tappedPair(await engineSides(engine, { versions }, { versions }));

    for (const side of ['client', 'server'] as const) {
      const peer = side === 'client' ? 'server' : 'client';

      it(`breaks the connection of a ${side} that reads at once, with a typed error on both sides`, async () => {
        await using pair = await connect();
        const told = rejection(pair[peer].read(Buffer.alloc(1)));
        const reading = rejection(pair[side].read(Buffer.alloc(1)));
        pair.say(side, BAD_RECORD);
        expect(await reading).to.be.instanceOf(FtpsError);
        expect(await told).to.be.instanceOf(FtpsError);
      });

      for (const reader of ['that reads', 'that reads only later'] as const) {
        it(`is no end for a ${side} ${reader} where it comes behind the peer's alert`, async () => {
          await using pair = await connect();
          const content = randomBytes(50_000);
          await pair[peer].write(content);
          const reading = reader === 'that reads' ? readToFailure(pair[side]) : undefined;
          // Whoever sits between has the peer say an alert, and needs no key for it.
          const alerting = rejection(pair[peer].read(Buffer.alloc(1)));
          pair.say(peer, BAD_RECORD);
          await alerting;
          await setTimeout(20);
          pair.say(side, BAD_RECORD);
          await setTimeout(20);
          pair[peer].destroy();
          const { read, error } = await (reading ?? readToFailure(pair[side]));
          expect(read.equals(content.subarray(0, read.length))).to.equal(true);
          expect(error).to.be.instanceOf(FtpsError);
          expect(pair[side].closure).to.equal('truncated');
        });
      }

      const works: readonly (readonly [string, (channel: TlsChannel) => Promise<void>])[] = [
        ['ends', (channel) => channel.end()],
        ['writes nothing', (channel) => channel.write(new Uint8Array(0))],
        ['writes', (channel) => channel.write(randomBytes(100_000))],
      ];
      for (const [what, work] of works) {
        it(`is nothing worse for a ${side} that ${what} at that moment, whatever the moment`, async () => {
          for (let turns = 0; turns < 8; turns += 1) {
            for (let round = 0; round < 4; round += 1) {
              await using pair = await connect();
              const reading = readToFailure(pair[side]);
              const working = work(pair[side]).catch((error: unknown) => error);
              for (let turn = 0; turn < turns; turn += 1) await setImmediate();
              pair.say(side, BAD_RECORD);
              expect((await reading).error).to.be.instanceOf(FtpsError);
              pair[side].destroy();
              const failure = await working;
              if (failure !== undefined) expect(failure).to.be.instanceOf(FtpsError);
            }
          }
        });
      }
    }
  });
}
