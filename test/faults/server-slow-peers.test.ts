// Peers that are slow but go on: no transfer of theirs is taken for one that has stalled.
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { readAll, readExactly } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { requireSeenAcknowledgements } from '../support/requirement.js';
import { slowRelay } from '../support/slow-relay.js';
import { TestServer } from '../support/test-server.js';

const STALL_MS = 400;

describe('a transfer whose peer is slow', () => {
  it('goes on as long as the client takes something within the stall limit', async function () {
    requireSeenAcknowledgements(this);
    await using server = await TestServer.start({ limits: { stallTimeoutMs: STALL_MS } });
    // More than the kernels of both sides hold, so that the server is still writing.
    const bytes = 64 * 1024 * 1024;
    server.seedLarge('large.bin', bytes);
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    // Within the limit less than the server's kernel frees at a time, and more than the client's does.
    let read = 0;
    for (let step = 0; step < 50; step += 1) {
      read += (await readExactly(channel, 64 * 1024)).length;
      await setTimeout(STALL_MS / 10);
    }
    read += (await readAll(channel)).length;
    expect(read).to.equal(bytes);
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
  });

  it('goes on while less than a TLS record comes within the stall limit', async () => {
    await using server = await TestServer.start({ limits: { stallTimeoutMs: STALL_MS } });
    await using client = await RawFtpClient.loggedIn(server);
    await using relay = await slowRelay(await client.extendedPassive());
    const channel = await client.dataTls(await client.dataTcp(relay.port));
    await client.expect(150, 'STOR slow.bin');
    // One record of 16 KiB takes four times as long as nothing at all may.
    relay.slowDown(256, (4 * STALL_MS) / 64);
    const record = Buffer.alloc(16 * 1024, 'slow');
    await channel.write(record);
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    expect(server.read('slow.bin')).to.equal(record.toString());
    channel.destroy();
  });
});
