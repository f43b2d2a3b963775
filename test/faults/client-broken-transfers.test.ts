// What breaks in the middle of a transfer: a typed error that says how much moved, no half file, and a client that goes on.
import { randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AbortedError,
  ConnectionError,
  ReplyError,
  TimeoutError,
  TransferError,
  TruncationError,
  VerificationError,
  type FtpsClient,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { availableEngines, selectEngine } from '@ftps-kit/tls-core';
import { blindEngine } from '../support/blind-engine.js';
import { collect } from '../support/collect.js';
import { withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withScriptedClient } from '../support/scripted-client.js';
import type { ScriptedData, ScriptedPeer } from '../support/scripted-server.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = randomBytes(300_000);
const part = content.subarray(0, 100_000);

type Breakage = (peer: ScriptedPeer, data: ScriptedData) => Promise<void>;

interface Broken {
  readonly how: Breakage;
  /** Whether the server lives on and answers a NOOP. */
  readonly livesOn?: boolean;
  readonly options?: Partial<FtpsClientOptions>;
  readonly tls?: boolean;
}

/** Breaks the download of `a` and gives its error; checks that the old file of that name is as it was. */
async function brokenDownload(broken: Broken, work = plainDownload): Promise<unknown> {
  let error: unknown;
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', `213 ${content.length}`);
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await broken.how(peer, data);
      await goOn(peer, broken);
    };
    const { tls = true, options = {} } = broken;
    await withScriptedClient({ script, tls, options }, async (client) => {
      error = await rejection(work(client, path));
      await stillUsable(client, broken);
    });
    expect(await readFile(path, 'utf8')).to.equal('old');
    expect(await readdir(folder)).to.deep.equal(['a']);
  });
  return error;
}

function plainDownload(client: FtpsClient, path: string): Promise<unknown> {
  return client.download('a', path);
}

/** Breaks an endless upload to `a` and gives its error. */
async function brokenUpload(broken: Broken, options: { signal?: AbortSignal } = {}): Promise<unknown> {
  let error: unknown;
  const script = async (peer: ScriptedPeer): Promise<void> => {
    const data = await peer.passive();
    await peer.on('STOR a', '150 go on');
    await broken.how(peer, data);
    await goOn(peer, broken);
  };
  await withScriptedClient({ script, tls: true, options: broken.options ?? {} }, async (client) => {
    error = await rejection(client.upload(endless(), 'a', options));
    await stillUsable(client, broken);
  });
  return error;
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await setImmediate();
    yield part;
  }
}

async function goOn(peer: ScriptedPeer, { livesOn = true }: Broken): Promise<void> {
  if (!livesOn) return;
  await peer.on('NOOP', '200 ok');
  await peer.on('QUIT', '221 bye');
}

async function stillUsable(client: FtpsClient, { livesOn = true }: Broken): Promise<void> {
  expect(client.isOpen).to.equal(livesOn);
  if (livesOn) expect((await client.raw('NOOP')).code).to.equal(200);
  else expect(await rejection(client.raw('NOOP'))).to.be.instanceOf(ConnectionError);
}

/** Sends a part and waits until the client has it, as far as that can be known: its kernel has. */
async function sendPart(data: ScriptedData) {
  const channel = await data.channel();
  await channel.write(part);
  return channel;
}

describe('a download that breaks', () => {
  it('by a reset has a TransferError with the bytes that came, and the reply that followed', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        (await data.socket()).resetAndDestroy();
        await peer.say('426 the connection broke\r\n');
      },
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ resumable: true });
    expect((error as TransferError).bytes).to.be.within(0, part.length);
    expect(error).to.have.property('reply').that.includes({ code: 426 });
    expect((error as Error).message).to.match(/^the server gave up RETR a after /);
  });

  it('by a reset is an error even where the server says 226', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        (await data.socket()).resetAndDestroy();
        await peer.say('226 done\r\n');
      },
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ resumable: true });
    expect((error as Error).message).to.match(/^RETR a broke off after /);
  });

  it('by FIN without close_notify is an error though the server says 226', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        (await data.socket()).destroy();
        await peer.say('226 done\r\n');
      },
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ bytes: part.length, resumable: true });
  });

  for (const engine of [...availableEngines(), blindEngine(selectEngine())]) {
    const isSeen = engine.capabilities.secureClosure;
    const which = isSeen
      ? `an error, ${engine.name} engine`
      : 'none to an engine that cannot tell, once the size is compared';
    it(`by FIN without close_notify after all bytes is ${which}`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on('SIZE a', `213 ${content.length}`);
        const data = await peer.passive();
        await peer.on('RETR a', '150 here it comes');
        await (await data.channel()).write(content);
        (await data.socket()).end();
        await peer.say('226 done\r\n');
      };
      await withTemporaryFolder(async (folder) => {
        await withScriptedClient({ script, tls: true, options: { engine } }, async (client) => {
          const downloading = client.download('a', join(folder, 'a'));
          if (isSeen) {
            const error = await rejection(downloading);
            expect(error).to.be.instanceOf(TransferError).and.include({ bytes: content.length, resumable: true });
            expect(error).to.have.property('cause').that.is.instanceOf(TruncationError);
            return;
          }
          const { verified, closure } = await downloading;
          expect(closure).to.equal('unverified');
          expect(verified).to.include({ by: 'size' });
          expect((await readFile(join(folder, 'a'))).equals(content)).to.equal(true);
        });
      });
    });
  }

  for (const features of [['EPSV', 'MLSD'], ['EPSV']]) {
    const command = features.includes('MLSD') ? 'MLSD' : 'LIST';
    it(`by FIN without close_notify behind a whole line of a listing is an error (${command})`, async () => {
      const lines = { MLSD: 'type=file;size=1; a\r\n', LIST: '-rw-r--r-- 1 me me 1 Nov 23 12:00 a\r\n' };
      const fault: Fault = async ({ verb, peer, data }) => {
        if (verb !== command) return false;
        await peer.say('150 here it comes\r\n');
        await (await data?.channel())?.write(Buffer.from(lines[command]));
        (await data?.socket())?.end();
        await peer.say('226 done\r\n');
        return true;
      };
      await withFaultyServer({ features, fault }, async (client) => {
        const error = await rejection(collect(client.list('/')));
        expect(error).to.be.instanceOf(TransferError);
        expect(error).to.have.property('cause').that.is.instanceOf(TruncationError);
      });
    });
  }

  for (const reply of ['426 broken', '451 disk error']) {
    it(`by ${reply} after all bytes is an error all the same`, async () => {
      const error = await brokenDownload({
        how: async (peer, data) => {
          const channel = await data.channel();
          await channel.write(content);
          await channel.end();
          await channel.read(Buffer.alloc(1));
          await peer.say(`${reply}\r\n`);
        },
      });
      expect(error).to.be.instanceOf(TransferError).and.not.instanceOf(VerificationError);
      expect(error).to.include({ bytes: content.length, resumable: true });
      expect(error).to.have.property('cause').that.is.instanceOf(ReplyError);
    });
  }

  it('because nothing moves is given up after the stall limit', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        await peer.abort('426 gone\r\n226 aborted');
      },
      options: { timeouts: { stallMs: 60 } },
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ bytes: part.length, resumable: true });
    expect(error).to.have.property('cause').that.is.instanceOf(TimeoutError).and.includes({ phase: 'stall' });
  });

  it('because the TLS handshake never ends is given up after its limit', async () => {
    const error = await brokenDownload({
      how: async (peer) => {
        await peer.abort('426 gone\r\n226 aborted');
      },
      options: { timeouts: { tlsMs: 60 } },
    });
    expect(error).to.be.instanceOf(TimeoutError).and.include({ phase: 'tls' });
  });

  it('because the final reply never comes is an error, and ends the client', async () => {
    const error = await brokenDownload({
      how: async (_peer, data) => {
        const channel = await data.channel();
        await channel.write(content);
        await channel.end();
      },
      options: { timeouts: { replyMs: 100 } },
      livesOn: false,
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ bytes: content.length });
    expect(error).to.have.property('cause').that.is.instanceOf(TimeoutError).and.includes({ phase: 'reply' });
  });

  it('because the control connection is lost has a TransferError', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        peer.destroy();
      },
      livesOn: false,
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ resumable: true });
    expect(error).to.have.property('cause').that.is.instanceOf(ConnectionError);
  });

  it('by 421 has the reply in its error', async () => {
    const error = await brokenDownload({
      how: async (peer, data) => {
        await sendPart(data);
        await peer.say('421 shutting down\r\n');
      },
      livesOn: false,
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ resumable: true });
    expect(error).to.have.property('message').that.includes('421 shutting down');
  });

  it('by the caller sends ABOR and goes on', async () => {
    const controller = new AbortController();
    const error = await brokenDownload(
      {
        how: async (peer, data) => {
          await sendPart(data);
          controller.abort(new Error('enough'));
          await peer.abort('426 gone\r\n226 aborted');
        },
      },
      (client, path) => client.download('a', path, { signal: controller.signal }),
    );
    expect(error).to.be.instanceOf(AbortedError).with.property('cause').that.includes({ message: 'enough' });
  });

  const replies: readonly [string, string][] = [
    ['one reply for the transfer and for ABOR', "226 Since you see this ABOR must've succeeded"],
    ['one reply more than commands', '426 gone\r\n226 aborted\r\n426 gone once more'],
  ];
  for (const [what, answer] of replies) {
    it(`by the caller is in step again behind ${what}`, async () => {
      const controller = new AbortController();
      const error = await brokenDownload(
        {
          how: async (peer, data) => {
            await sendPart(data);
            controller.abort();
            await peer.abort(answer);
          },
        },
        (client, path) => client.download('a', path, { signal: controller.signal }),
      );
      expect(error).to.be.instanceOf(AbortedError);
    });
  }

  it('by the caller closes the client where the server does not come back', async () => {
    const controller = new AbortController();
    const error = await brokenDownload(
      {
        how: async (peer, data) => {
          await sendPart(data);
          controller.abort();
          await peer.on('ABOR');
        },
        options: { timeouts: { closeMs: 50 } },
        livesOn: false,
      },
      (client, path) => client.download('a', path, { signal: controller.signal }),
    );
    expect(error).to.be.instanceOf(AbortedError);
  });

  it('because the client is closed meanwhile is an error, and close does not wait', async () => {
    const error = await brokenDownload(
      {
        how: async (_peer, data) => {
          await sendPart(data);
        },
        livesOn: false,
      },
      (client, path) => client.download('a', path, { onProgress: () => void client.close() }),
    );
    expect(error).to.be.instanceOf(TransferError).with.property('message').that.includes('the client was closed');
  });
});

describe('an upload that breaks', () => {
  it('by a reset has a TransferError with the bytes that went, and the reply that followed', async () => {
    const error = await brokenUpload({
      how: async (peer, data) => {
        const channel = await data.channel();
        await channel.read(Buffer.alloc(1000));
        (await data.socket()).resetAndDestroy();
        await peer.say('426 the connection broke\r\n');
      },
    });
    expect(error).to.be.instanceOf(TransferError).and.include({ resumable: true });
    expect(error).to.have.property('reply').that.includes({ code: 426 });
  });

  it('because the server stops reading is given up after the stall limit', async () => {
    const error = await brokenUpload({
      how: async (peer, data) => {
        await data.channel();
        await peer.abort('426 gone\r\n226 aborted');
      },
      options: { timeouts: { stallMs: 100 } },
    });
    expect(error).to.be.instanceOf(TransferError);
    expect(error).to.have.property('cause').that.is.instanceOf(TimeoutError).and.includes({ phase: 'stall' });
  });

  it('by the caller is ended though its source never gives anything', async () => {
    const controller = new AbortController();
    let isReturned = false;
    const silent: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          isReturned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      await data.channel();
      controller.abort();
      await peer.abort('426 gone\r\n226 aborted');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      const error = await rejection(client.upload(silent, 'a', { signal: controller.signal }));
      expect(error).to.be.instanceOf(AbortedError);
      expect(isReturned).to.equal(true);
    });
  });

  it('because the control connection is lost has a TransferError', async () => {
    const error = await brokenUpload({
      how: async (peer, data) => {
        const channel = await data.channel();
        await channel.read(Buffer.alloc(1000));
        peer.destroy();
      },
      livesOn: false,
    });
    expect(error).to.be.instanceOf(TransferError);
  });
});
