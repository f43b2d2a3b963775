// The rates that all sessions of a server share: kept, shared, told, and no way for one client to use them up.
import { expect } from 'chai';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

const BYTES = 150_000;

/** What may go at once, and what TLS or a timer make of it. */
const LEAST_MS = 800;

describe("the server's rates", () => {
  it('hold for the sessions of all accounts together, and are told once a transfer', async () => {
    await using server = await TestServer.start({
      limits: { downloadBytesPerSecond: BYTES },
      files: { 'a.bin': Buffer.alloc(BYTES / 2) },
    });
    await using alice = await RawFtpClient.loggedIn(server);
    await using bob = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
    const startedAt = performance.now();
    const downloads = await Promise.all([alice.download('RETR a.bin'), bob.download('RETR a.bin')]);
    // A loaded machine may take longer; nothing makes it faster than the rate, less what may burst.
    expect(performance.now() - startedAt).to.be.above(LEAST_MS);
    for (const { bytes, reply } of downloads) {
      expect(bytes).to.have.length(BYTES / 2);
      expect(reply.code).to.equal(226);
    }
    expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([
      ['downloadBytesPerSecond', BYTES],
      ['downloadBytesPerSecond', BYTES],
    ]);
    expect(new Set(server.limits.map(({ id }) => id)).size).to.equal(2);
    expect(server.server.metrics().counters.limits.downloadBytesPerSecond).to.equal(2);
  });

  it('are one for each direction: uploads do not wait for downloads', async () => {
    await using server = await TestServer.start({
      limits: { uploadBytesPerSecond: BYTES, downloadBytesPerSecond: 1_000 },
      files: { 'large.bin': Buffer.alloc(10_000_000) },
    });
    await using reader = await RawFtpClient.loggedIn(server);
    await using writer = await RawFtpClient.loggedIn(server);
    const { channel } = await reader.openData();
    const heldUp = server.next('limit');
    await reader.expect(150, 'RETR large.bin');
    expect((await heldUp).limit).to.equal('downloadBytesPerSecond');
    expect((await writer.upload('STOR b.bin', Buffer.alloc(BYTES))).code).to.equal(226);
    expect(server.lastTransfer.durationMs).to.be.above(LEAST_MS);
    expect(server.limits.map(({ limit }) => limit)).to.deep.equal(['downloadBytesPerSecond', 'uploadBytesPerSecond']);
    await reader.send('ABOR\r\n');
    expect((await reader.reply()).code).to.equal(426);
    expect((await reader.reply()).code).to.equal(226);
    channel.destroy();
  });

  it('hold beside the rates of an account, and the slower counts', async () => {
    await using server = await TestServer.start({
      limits: { uploadBytesPerSecond: 100_000_000 },
      authenticate: ({ user }) => ({ name: user, root: server.root, rates: { uploadBytesPerSecond: BYTES } }),
    });
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.upload('STOR b.bin', Buffer.alloc(BYTES))).code).to.equal(226);
    expect(server.lastTransfer.durationMs).to.be.above(LEAST_MS);
    expect(server.limits).to.deep.equal([]);
  });
});
