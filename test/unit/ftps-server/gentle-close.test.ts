import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { closeGently } from '../../../packages/ftps-server/src/gentle-close.js';
import { DRAIN_BYTES, DRAIN_TIMEOUT_MS } from '../../../packages/ftps-server/src/limits.js';
import { readAll } from '../../support/channel-bytes.js';
import { tcpPair } from '../../support/tcp-pair.js';

describe('a connection that is closed gently', () => {
  it('gives its peer what was sent before, though the peer is still sending', async () => {
    const { client, server } = await tcpPair();
    const sent = client.write(Buffer.alloc(1_000_000));
    await server.write(Buffer.from('the reply'));
    const closed = closeGently(server);
    expect((await readAll(client)).toString()).to.equal('the reply');
    await sent;
    await client.end();
    await closed;
    client.destroy();
  });

  it('is not read for ever: who does not stop to send is cut off', async () => {
    const { client, server } = await tcpPair();
    const closed = closeGently(server);
    const piece = Buffer.alloc(256 * 1024);
    let sentBytes = 0;
    const flood = async (): Promise<void> => {
      await client.write(piece);
      sentBytes += piece.length;
      return flood();
    };
    await flood().catch(() => undefined);
    await closed;
    // What the network holds comes on top.
    expect(sentBytes).to.be.within(DRAIN_BYTES / 2, 8 * DRAIN_BYTES);
    client.destroy();
  });

  it('is not waited for where its peer says nothing, and does not end', async () => {
    const { client, server } = await tcpPair();
    await closeGently(server);
    expect(await readAll(client)).to.have.length(0);
    expect(server.closure).not.to.equal('open');
    client.destroy();
  });

  it('is not timed before what is waited for first, and let go of where that fails', async () => {
    const closings = await Promise.all(
      (['resolve', 'reject'] as const).map(async (end) => {
        const { client, server } = await tcpPair();
        let settle = (): void => undefined;
        const first = new Promise<void>((resolve, reject) => {
          settle = () => {
            if (end === 'resolve') resolve();
            else reject(new Error('nobody came'));
          };
        });
        let isClosed = false;
        const closed = closeGently(server, first).then(() => (isClosed = true));
        return { client, server, settle, closed, isClosed: () => isClosed };
      }),
    );
    // Longer than the drain may take.
    await setTimeout(DRAIN_TIMEOUT_MS + 200);
    for (const { client, server, settle, closed, isClosed } of closings) {
      expect([isClosed(), server.closure]).to.deep.equal([false, 'open']);
      settle();
      await client.end();
      await closed;
      client.destroy();
    }
  });
});
