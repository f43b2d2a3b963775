import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import {
  ConfigError,
  LocalFileError,
  ProtocolError,
  ReplyError,
  TransferError,
  VerificationError,
} from '@ftps-kit/ftps-client';
import { readAll } from '../../../support/channel-bytes.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = randomBytes(700_001);

/** Takes one upload to `a`, as a good server does, and gives what came. */
async function take(peer: ScriptedPeer, size?: string): Promise<Buffer> {
  const data = await peer.passive();
  await peer.on('STOR a', '150 go on');
  const channel = await data.channel();
  const received = await readAll(channel);
  await channel.end();
  await peer.say('226 done\r\n');
  await peer.on('SIZE a', size ?? `213 ${received.length}`);
  return received;
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

async function* pieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) {
    yield await Promise.resolve(bytes.subarray(at, at + step));
  }
}

describe('an upload', () => {
  it('sends files, bytes, streams and iterables whole', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const sources = [path, content, Readable.from(pieces(content, 9_973)), pieces(content, 300_000)];
      const script = async (peer: ScriptedPeer): Promise<void> => {
        for (const [index] of sources.entries()) {
          expect((await take(peer)).equals(content), `source ${index}`).to.equal(true);
        }
        await quit(peer);
      };
      await withScriptedClient({ script, tls: true }, async (client) => {
        for (const source of sources) {
          const result = await client.upload(source, 'a');
          expect(result).to.nested.include({ bytes: content.length, resumed: true, 'verified.by': 'size' });
        }
      });
    });
  });

  it('of nothing makes an empty file', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      expect(await take(peer)).to.have.length(0);
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      expect(await client.upload(new Uint8Array(0), 'a')).to.nested.include({ bytes: 0, 'verified.by': 'size' });
    });
  });

  it('that the server cut short is an error, though it said 226', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await take(peer, '213 699999');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      const error = await rejection(client.upload(content, 'a'));
      expect(error).to.be.instanceOf(VerificationError);
      expect(error).to.include({
        bytes: content.length,
        safeBytes: undefined,
        resumable: true,
        reason: 'size-differs',
      });
    });
  });

  it('into a folder where nothing may be read is unverified', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await take(peer, '550 not for you');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      expect(await client.upload(content, 'a')).to.nested.include({ 'verified.by': 'nothing' });
    });
  });

  it('that is refused sends nothing', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('STOR a', '553 not here');
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      expect(await rejection(client.upload(content, 'a')))
        .to.be.instanceOf(ReplyError)
        .and.not.instanceOf(TransferError);
    });
  });

  it('is not resumable where the disk over there is full', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      const channel = await data.channel();
      await channel.read(Buffer.alloc(1000));
      await peer.say('552 disk full\r\n');
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      const error = await rejection(client.upload(pieces(content, 1000), 'a'));
      expect(error).to.be.instanceOf(TransferError).and.include({ resumable: false });
      expect(error).to.have.property('reply').that.includes({ code: 552 });
    });
  });

  it('that is called complete before it began is a broken server', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('STOR a', '226 done');
      await data.channel().catch(() => undefined);
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      expect(await rejection(client.upload(content, 'a'))).to.be.instanceOf(ProtocolError);
    });
  });

  it('asks the server for nothing where there is nothing to read', async () => {
    await withTemporaryFolder(async (folder) => {
      await withScriptedClient({ script: quit }, async (client) => {
        for (const path of [folder, join(folder, 'missing')]) {
          expect(await rejection(client.upload(path, 'a')))
            .to.be.instanceOf(LocalFileError)
            .and.include({ path });
        }
        expect(await rejection(client.upload(7 as unknown as string, 'a'))).to.be.instanceOf(Error);
        expect(await rejection(client.upload(content, 'a', { resumed: true } as object))).to.be.instanceOf(ConfigError);
      });
    });
  });

  it('to what is no name of a file is refused before anything is sent, in words that show it', async () => {
    await withScriptedClient({ script: quit, tls: true }, async (client) => {
      for (const path of ['/', '/folder/', '/folder/..', '.', '/new\nline']) {
        for (const atomic of [false, true]) {
          const error = await rejection(client.upload(content, path, { atomic }));
          expect(error, path).to.be.instanceOf(ConfigError);
          expect((error as Error).message).to.include(path.replace('\n', '?'));
        }
      }
    });
  });

  it('whose source fails is aborted, and the client goes on', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      await data.channel();
      await peer.abort('426 gone\r\n226 aborted');
      await peer.on('NOOP', '200 ok');
      await quit(peer);
    };
    const failing = (async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(content.subarray(0, 10));
      throw new Error('tape torn');
    })();
    await withScriptedClient({ script, tls: true }, async (client) => {
      const error = await rejection(client.upload(failing, 'a'));
      expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('tape torn');
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('takes the text of a stream for the bytes that it was made of', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0xfe, 0x80]);
    const script = async (peer: ScriptedPeer): Promise<void> => {
      expect((await take(peer)).equals(bytes)).to.equal(true);
      await quit(peer);
    };
    await withScriptedClient({ script, tls: true }, async (client) => {
      const source = new PassThrough({ encoding: 'latin1' });
      source.end(bytes);
      await client.upload(source, 'a');
    });
  });

  it('whose source fails with an error of another client has failed on this side', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '550 no such file');
      const data = await peer.passive();
      await peer.on('STOR a', '150 go on');
      await data.channel();
      await peer.abort('426 gone\r\n226 aborted');
      await quit(peer);
    };
    const elsewhere = new TransferError('RETR broke off', { bytes: 500, safeBytes: 500, resumable: true });
    const failing = (async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(content.subarray(0, 10));
      throw elsewhere;
    })();
    await withScriptedClient({ script, tls: true }, async (client) => {
      const error = await rejection(client.upload(failing, 'a', { retry: 3 }));
      expect(error).to.be.instanceOf(LocalFileError).with.property('cause', elsewhere);
    });
  });
});
