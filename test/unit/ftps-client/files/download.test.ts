import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import {
  LocalFileError,
  ReplyError,
  TransferError,
  VerificationError,
  type DownloadSink,
  type Progress,
} from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = randomBytes(700_001);

/** Serves one download of `a`, as a good server does. */
async function serve(peer: ScriptedPeer, bytes: Uint8Array = content): Promise<void> {
  await peer.on('SIZE a', `213 ${bytes.length}`);
  const data = await peer.passive();
  await peer.on('RETR a', '150 here it comes');
  await peer.send(data, bytes);
  await peer.say('226 done\r\n');
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

const good = {
  tls: true,
  script: async (peer: ScriptedPeer): Promise<void> => {
    await serve(peer);
    await quit(peer);
  },
};

describe('a download', () => {
  it('gives the bytes, and says what was proved', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      const progress: Progress[] = [];
      await withScriptedClient(good, async (client) => {
        const result = await client.download('a', path, { onProgress: (step) => progress.push(step) });
        expect(result).to.nested.include({
          bytes: content.length,
          resumed: true,
          ticketSource: 'control',
          'verified.by': 'size',
        });
        expect(result.closure).to.equal('clean');
        expect(result.handshake).to.include({ role: 'data', protocol: 'TLSv1.3', resumed: true });
        expect(result.reply).to.deep.equal({ code: 226, lines: ['done'] });
      });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
      expect(progress.at(-1)).to.include({ bytes: content.length, totalBytes: content.length });
    });
  });

  it('is whole where 226 comes before the last byte', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', `213 ${content.length}`);
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes\r\n226 done already');
      await peer.send(data, content);
      await quit(peer);
    };
    await withTemporaryFolder(async (folder) => {
      await withScriptedClient({ script, tls: true }, async (client) => {
        await client.download('a', join(folder, 'a'));
      });
      expect((await readFile(join(folder, 'a'))).equals(content)).to.equal(true);
    });
  });

  it('is unverified where the server has no SIZE, or nobody wants to know', async () => {
    for (const [features, verify] of [
      [['EPSV'], 'auto'],
      [['EPSV', 'SIZE'], 'none'],
    ] as const) {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        const data = await peer.passive();
        await peer.on('RETR a', '150 here it comes');
        await peer.send(data, content);
        await peer.say('226 done\r\n');
        await quit(peer);
      };
      await withScriptedClient({ script, features: [...features] }, async (client) => {
        const result = await client.download('a', new PassThrough().resume(), { verify });
        expect(result).to.nested.include({
          'verified.by': 'nothing',
          closure: 'clean',
          resumed: false,
          handshake: undefined,
        });
      });
    }
  });

  it('with fewer bytes than SIZE told is an error, and leaves no file', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '213 1000');
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'x'.repeat(400));
      await peer.say('226 done\r\n');
      await peer.on('SIZE a', '213 1000');
      await quit(peer);
    };
    await withTemporaryFolder(async (folder) => {
      await withScriptedClient({ script }, async (client) => {
        const error = await rejection(client.download('a', join(folder, 'a')));
        expect(error).to.be.instanceOf(VerificationError).and.instanceOf(TransferError);
        expect(error).to.include({ bytes: 400, resumable: true });
      });
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  it('of a file that grew on the way is right where SIZE says so afterwards', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '213 3');
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'four');
      await peer.say('226 done\r\n');
      await peer.on('SIZE a', '213 4');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      const result = await client.download('a', new PassThrough().resume());
      expect(result).to.nested.include({ bytes: 4, 'verified.by': 'size' });
    });
  });

  for (const before of ['', '150 here it comes\r\n']) {
    it(`of a file that is not there is the server's refusal${before === '' ? '' : ', also behind a 150'}`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on('SIZE a', '550 no such file');
        await peer.passive();
        await peer.on('RETR a', `${before}550 no such file`);
        await quit(peer);
      };
      await withTemporaryFolder(async (folder) => {
        await withScriptedClient({ script, tls: true }, async (client) => {
          const error = await rejection(client.download('a', join(folder, 'a')));
          expect(error).to.be.instanceOf(ReplyError).and.include({ retryable: false });
          expect(error).to.have.property('message', 'the server refused RETR a: 550 no such file');
        });
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  }

  it('replaces a file only when it is whole, and keeps its mode and a link to it', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'real');
      await writeFile(path, 'old');
      await chmod(path, 0o600);
      await symlink('real', join(folder, 'link'));
      await withScriptedClient(good, async (client) => {
        await client.download('a', join(folder, 'link'));
      });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      expect((await readdir(folder)).sort()).to.deep.equal(['link', 'real']);
    });
  });

  it('asks the server for nothing where the local path cannot be written', async () => {
    const script = quit;
    await withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'folder'));
      await withScriptedClient({ script }, async (client) => {
        for (const [path, reason] of [
          [join(folder, 'folder'), 'it is a folder'],
          [join(folder, 'missing/a'), 'there is no folder'],
        ] as const) {
          const error = await rejection(client.download('a', path));
          expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
          expect(error).to.have.property('message').that.includes(reason);
        }
      });
    });
  });

  it('ends a stream that it is given, with everything in it', async () => {
    const stream = new PassThrough();
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await withScriptedClient(good, async (client) => {
      await client.download('a', stream);
    });
    expect(stream.writableFinished).to.equal(true);
    expect(Buffer.concat(chunks).equals(content)).to.equal(true);
  });

  it('that a stream does not take is aborted, and the client goes on', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', `213 ${content.length}`);
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      const channel = await data.channel();
      await channel.write(content.subarray(0, 100)).catch(() => undefined);
      await peer.abort('426 gone\r\n226 aborted');
      await peer.on('NOOP', '200 ok');
      await quit(peer);
    };
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('no more'));
      },
    });
    await withScriptedClient({ script, tls: true }, async (client) => {
      const error = await rejection(client.download('a', stream));
      expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('no more');
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('tells a sink of the caller what came and how it ended', async () => {
    const log: (string | number)[] = [];
    const sink: DownloadSink = {
      write: (chunk) => {
        log.push(chunk.length);
        return Promise.resolve();
      },
      commit: () => {
        log.push('commit');
        return Promise.resolve();
      },
      discard: () => {
        log.push('discard');
        return Promise.resolve();
      },
    };
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await serve(peer, Buffer.from('hello'));
      await peer.on('SIZE a', '550 no');
      await peer.passive();
      await peer.on('RETR a', '550 no');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      await client.download('a', sink);
      await rejection(client.download('a', sink));
    });
    expect(log).to.deep.equal([5, 'commit', 'discard']);
  });

  it('ends by what the progress callback throws', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '213 5');
      const data = await peer.passive();
      await peer.on('RETR a', '150 here it comes');
      await peer.send(data, 'hello').catch(() => undefined);
      await peer.abort('226 done\r\n225 nothing to abort');
      await quit(peer);
    };
    const reason = new Error('enough');
    await withScriptedClient({ script }, async (client) => {
      const onProgress = (): void => {
        throw reason;
      };
      expect(await rejection(client.download('a', new PassThrough(), { onProgress }))).to.equal(reason);
    });
  });
});
