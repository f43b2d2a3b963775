import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { AbortedError, ConfigError, ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { connectTo } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script } from '../../../support/scripted-server.js';
import { TestServer } from '../../../support/test-server.js';

const content = randomBytes(700_001);

describe('a remote file as a stream', () => {
  it('gives all of it, and what was proved', async () => {
    await using server = await TestServer.start({ files: { f: content } });
    await using client = await connectTo(server);
    const stream = client.createReadStream('/f');
    const chunks = (await collect(stream)) as Buffer[];
    expect(Buffer.concat(chunks).equals(content)).to.equal(true);
    expect(await stream.result).to.include({ bytes: content.length, resumed: true });
  });

  it('takes all of it, and finishes when it is whole on the server', async () => {
    await using server = await TestServer.start();
    await using client = await connectTo(server);
    const stream = client.createWriteStream('/f');
    await pipeline(Readable.from([content.subarray(0, 5), content.subarray(5)]), stream);
    expect(server.bytes('f').equals(content)).to.equal(true);
    expect(await stream.result).to.include({ bytes: content.length });
    expect(await client.size('/f')).to.equal(content.length);
  });

  it('does not end where the download failed, nor finish where the upload did', async () => {
    await using server = await TestServer.start();
    await using client = await connectTo(server);
    const reading = client.createReadStream('/missing');
    expect(await rejection(collect(reading))).to.be.instanceOf(ReplyError);
    expect(await rejection(reading.result)).to.be.instanceOf(ReplyError);
    const writing = client.createWriteStream('/no/such/folder');
    expect(await rejection(pipeline(Readable.from([content]), writing))).to.be.instanceOf(ReplyError);
    expect(writing.writableFinished).to.equal(false);
  });

  it('is destroyed with the error where its options are wrong, and nothing is thrown', async () => {
    await using server = await TestServer.start({ files: { f: content } });
    await using client = await connectTo(server);
    for (const options of [null, { signal: {} }, { vrify: 'size' }] as never[]) {
      for (const open of [
        () => client.createReadStream('/f', options),
        () => client.createWriteStream('/g', options),
      ]) {
        const stream = open();
        const failed = once(stream, 'error');
        const error = await rejection(stream.result);
        expect(error).to.be.instanceOf(ConfigError);
        expect(await failed).to.deep.equal([error]);
      }
    }
    expect(server.names()).to.deep.equal(['f']);
  });

  it('does not finish before the final reply', async () => {
    let finished = false;
    const script: Script = async (peer) => {
      const data = await peer.passive();
      await peer.on('STOR /f', '150 go on');
      const channel = await data.channel();
      while ((await channel.read(Buffer.alloc(100))) > 0);
      await channel.end();
      expect(finished).to.equal(false);
      await peer.say('226 done\r\n');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, features: ['EPSV'] }, async (client) => {
      const stream = client.createWriteStream('/f');
      stream.end('hello');
      await once(stream, 'finish');
      finished = true;
    });
  });

  it('that is destroyed ends the transfer, and the client goes on', async () => {
    await using server = await TestServer.start({ files: { small: 'hello' } });
    server.seedLarge('big', 50_000_000);
    await using client = await connectTo(server);
    for await (const chunk of client.createReadStream('/big')) {
      expect(chunk).to.have.property('length').above(0);
      break;
    }
    const writing = client.createWriteStream('/up');
    writing.write(content);
    writing.destroy();
    expect(await rejection(writing.result)).to.be.instanceOf(AbortedError);
    expect(await client.size('/small')).to.equal(5);
    expect(server.names()).to.deep.equal(['big', 'small']);
  });
});
