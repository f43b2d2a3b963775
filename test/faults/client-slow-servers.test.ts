// Servers that are slow but go on: the client takes no transfer with one for one that has stalled.
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { LocalFileSystem, type WriteHandle, type WriteMode } from '@ftps-kit/ftps-server';
import { connectTo } from '../support/own-client.js';
import { requireSeenAcknowledgements } from '../support/requirement.js';
import { TestServer } from '../support/test-server.js';

const STALL_MS = 400;

/** Takes the first bytes of a file so slowly that within the limit the client's kernel is rid of less than it frees at a time. */
class SlowFileSystem extends LocalFileSystem {
  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    let slowBytes = 3 * 1024 * 1024;
    return {
      write: async (chunk) => {
        if (slowBytes > 0) await setTimeout((chunk.length / (64 * 1024)) * (STALL_MS / 10));
        slowBytes -= chunk.length;
        await file.write(chunk);
      },
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  }
}

describe('an upload whose server is slow', () => {
  it('goes on as long as the server takes something within the stall limit', async function () {
    requireSeenAcknowledgements(this);
    await using server = await TestServer.start({ fileSystem: (root) => new SlowFileSystem(root) });
    await using client = await connectTo(server, {
      timeouts: { stallMs: STALL_MS },
    });
    const content = Buffer.alloc(24 * 1024 * 1024, 'slow');
    const result = await client.upload(content, 'slow.bin', { retry: 1 });
    expect(result.bytes).to.equal(content.length);
    expect(server.read('slow.bin')).to.equal(content.toString());
  });
});
