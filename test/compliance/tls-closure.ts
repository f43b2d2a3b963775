// How every TLS engine tells a connection that has ended from one that was cut; part of its contract.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ConnectionError, TruncationError, type TlsEngine } from '@ftps-kit/tls-core';
import { readAll, readExactly, readToFailure } from '../support/channel-bytes.js';
import { heldPair, type HeldPair } from '../support/held-pair.js';
import { rejection } from '../support/rejection.js';
import { tcpPair } from '../support/tcp-pair.js';
import { endBoth, engineSides, handshake, newBindings } from './tls-engine.js';

/** Less than a record, several, and more than an engine and the stream below it take without a reader. */
const SIZES = [0, 1_000, 50_000, 1_500_000] as const;

const WORD = Buffer.from('still here');

export function tlsClosureCompliance(engine: TlsEngine, versions: '1.2' | '1.3'): void {
  describe('the end of a connection', () => {
    const connect = async (): Promise<HeldPair> => heldPair(await engineSides(engine, { versions }, { versions }));

    /** Has the server send all of `content` and end; gives its records, with close_notify as the last. */
    const said = async (pair: HeldPair, content: Buffer): Promise<Buffer> => {
      if (content.length > 0) await pair.server.write(content);
      await pair.server.end();
      return pair.gathered();
    };

    it('is clean on both sides with close_notify', async () => {
      const sides = await engineSides(engine, { versions }, { versions });
      for (const role of ['control', 'data'] as const) {
        const pair = await handshake(sides, newBindings(sides), role);
        await endBoth(pair);
        expect([pair.client.closure, pair.server.closure]).to.deep.equal(['clean', 'clean']);
      }
    });

    for (const bytes of SIZES) {
      for (const isRead of [true, false]) {
        const reader = isRead ? 'read as it comes' : 'read only when the connection is over';

        it(`is clean where ${bytes} bytes, close_notify and FIN come at once (${reader})`, async () => {
          await using pair = await connect();
          const content = randomBytes(bytes);
          const records = await said(pair, content);
          const reading = isRead ? readAll(pair.client) : undefined;
          pair.hand(records, 'fin');
          if (!isRead) await quiet(pair);
          expect((await (reading ?? readAll(pair.client))).equals(content)).to.equal(true);
          expect(pair.client.closure).to.equal('clean');
          expect(await pair.client.read(Buffer.alloc(1))).to.equal(0);
        });

        it(`is a cut where FIN comes behind all of ${bytes} bytes and less than close_notify (${reader})`, async () => {
          for (const lost of [1, 2, 3]) {
            await using pair = await connect();
            const content = randomBytes(bytes);
            const records = await said(pair, content);
            const reading = isRead ? readToFailure(pair.client) : undefined;
            pair.hand(records.subarray(0, -lost), 'fin');
            if (!isRead) await quiet(pair);
            const { read, error } = await (reading ?? readToFailure(pair.client));
            expect(read.equals(content)).to.equal(true);
            expect(error).to.be.instanceOf(TruncationError);
            expect(pair.client.closure).to.equal('truncated');
            expect(await rejection(pair.client.read(Buffer.alloc(1)))).to.be.instanceOf(TruncationError);
          }
        });
      }
    }

    it('is a cut wherever FIN comes, with a beginning of what was sent before it', async () => {
      const content = randomBytes(70_000);
      for (const tenth of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        await using pair = await connect();
        const records = await said(pair, content);
        pair.hand(records.subarray(0, Math.floor((records.length * tenth) / 10)), 'fin');
        const { read, error } = await readToFailure(pair.client);
        expect(read.equals(content.subarray(0, read.length)), `${tenth} tenths`).to.equal(true);
        expect(error).to.be.instanceOf(TruncationError);
      }
    });

    it('is a cut where FIN comes later than all bytes, to a reader that waits', async () => {
      await using pair = await connect();
      await pair.server.write(WORD);
      pair.hand(await pair.gathered(), 'open');
      expect(await readExactly(pair.client, WORD.length)).to.deep.equal(WORD);
      const reading = rejection(pair.client.read(Buffer.alloc(1)));
      pair.hand(Buffer.alloc(0), 'fin');
      expect(await reading).to.be.instanceOf(TruncationError);
    });

    it('leaves the other direction of a connection that was cut open', async () => {
      await using pair = await connect();
      pair.hand(Buffer.alloc(0), 'fin');
      expect(await rejection(pair.client.read(Buffer.alloc(1)))).to.be.instanceOf(TruncationError);
      await pair.client.write(WORD);
      await pair.client.end();
      expect(await readAll(pair.server)).to.deep.equal(WORD);
      expect(pair.server.closure).to.equal('clean');
    });

    it('is seen as it is by a side that has ended before', async () => {
      for (const [lost, closure] of [
        [0, 'clean'],
        [1, 'truncated'],
      ] as const) {
        await using pair = await connect();
        await pair.client.end();
        expect(await readAll(pair.server)).to.have.length(0);
        const records = await said(pair, WORD);
        pair.hand(records.subarray(0, records.length - lost), 'fin');
        expect((await readToFailure(pair.client)).read).to.deep.equal(WORD);
        expect(pair.client.closure).to.equal(closure);
      }
    });

    it('is clean where a reset comes behind close_notify', async () => {
      await using pair = await connect();
      const records = await said(pair, WORD);
      pair.hand(records, 'open');
      while (pair.client.receivedBytes < pair.clientSocket.bytesRead) await setImmediate();
      expect(await readExactly(pair.client, WORD.length)).to.deep.equal(WORD);
      pair.hand(Buffer.alloc(0), 'reset');
      expect(await pair.client.read(Buffer.alloc(1))).to.equal(0);
      expect(pair.client.closure).to.equal('clean');
    });

    it('is no end where the connection is reset, be it right behind bytes', async () => {
      for (const lost of [1, 1_000]) {
        for (let round = 0; round < 20; round += 1) {
          await using pair = await connect();
          const records = await said(pair, randomBytes(20_000));
          const reading = readToFailure(pair.client);
          pair.hand(records.subarray(0, -lost), 'reset');
          const { error } = await reading;
          expect(error).to.be.instanceOf(Error);
          expect(pair.client.closure).to.equal('truncated');
          const writing = (async () => {
            for (;;) await pair.client.write(Buffer.alloc(100_000));
          })();
          expect(await rejection(writing)).to.be.instanceOf(ConnectionError);
        }
      }
    });

    it('is seen by a server as by a client', async () => {
      const sides = await engineSides(engine, { versions }, { versions });
      for (const role of ['control', 'data'] as const) {
        const tcp = await tcpPair();
        const bindings = newBindings(sides);
        const [client, server] = await Promise.all([
          sides.connector.connect(tcp.client, { role, host: 'localhost', binding: bindings.client }),
          sides.acceptor.accept(tcp.server, { role, binding: bindings.server }),
        ]);
        await client.write(WORD);
        tcp.clientSocket.end();
        expect(await readExactly(server, WORD.length)).to.deep.equal(WORD);
        expect(await rejection(server.read(Buffer.alloc(1)))).to.be.instanceOf(TruncationError);
        expect(server.closure).to.equal('truncated');
        client.destroy();
        server.destroy();
      }
    });

    it('fails a write that waits, and the end behind it, where the connection is reset or gone', async () => {
      for (const isReset of [true, false]) {
        await using pair = await connect();
        const writing = rejection(pair.client.write(Buffer.alloc(64 * 1024 * 1024)));
        const ending = rejection(pair.client.end());
        const reading = rejection(pair.client.read(Buffer.alloc(1)));
        if (isReset) pair.hand(Buffer.alloc(0), 'reset');
        else pair.clientSocket.destroy();
        for (const failed of [writing, ending, reading]) expect(await failed).to.be.instanceOf(ConnectionError);
      }
    });

    it('takes no more to write, and keeps reading', async () => {
      const sides = await engineSides(engine, { versions }, { versions });
      const pair = await handshake(sides, newBindings(sides), 'data');
      await pair.client.end();
      expect(await rejection(pair.client.write(WORD))).to.be.instanceOf(ConnectionError);
      await pair.server.write(WORD);
      await pair.server.end();
      expect(await readAll(pair.client)).to.deep.equal(WORD);
    });
  });
}

/** Until the client takes no more, though nobody reads. */
async function quiet({ client }: HeldPair): Promise<void> {
  for (let seen = -1; seen < client.receivedBytes;) {
    seen = client.receivedBytes;
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  }
}
