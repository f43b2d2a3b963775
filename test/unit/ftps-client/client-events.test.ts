import { once } from 'node:events';
import { expect } from 'chai';
import { FtpsClient, ReplyError, type ClientEvents } from '@ftps-kit/ftps-client';
import { connectTo } from '../../support/own-client.js';
import { rejection } from '../../support/rejection.js';
import { scriptedOptions, withScriptedClient } from '../../support/scripted-client.js';
import { scriptedServer, type Script } from '../../support/scripted-server.js';
import { TestServer } from '../../support/test-server.js';

describe('the events of a client', () => {
  it('tell of commands, replies, progress, transfers and the end', async () => {
    await using server = await TestServer.start();
    const client = await connectTo(server);
    const told: string[] = [];
    client.on('command', ({ line }) => told.push(line));
    client.on('reply', ({ code }) => told.push(String(code)));
    const moved: ClientEvents['progress'][0][] = [];
    client.on('progress', (event) => moved.push(event));
    const transferred = once(client, 'transfer');
    const closed = once(client, 'close');

    await client.raw('NOOP');
    expect(told).to.include('NOOP').and.include('200');
    await client.upload(Buffer.from('hello'), '/a');
    const [transfer] = (await transferred) as ClientEvents['transfer'];
    expect(transfer).to.include({ direction: 'upload', remotePath: '/a' }).and.nested.include({ 'result.bytes': 5 });
    expect(moved.at(-1)).to.include({ remotePath: '/a' }).and.nested.include({ 'progress.bytes': 5 });
    await client.close();
    const [{ error }] = (await closed) as ClientEvents['close'];
    expect(error).to.have.property('message', 'the client was closed');
  });

  it('tell of a login that was lost and opened again, without its password', async () => {
    const replies = ['421 going down', '213 2'];
    const script: Script = async (peer) => {
      await peer.login();
      await peer.on(/^SIZE /, replies.shift());
      await peer.line();
    };
    await using server = await scriptedServer(script);
    await using client = await FtpsClient.connect({ ...(await scriptedOptions(server)), reconnect: true });
    const told: string[] = [];
    client.on('command', ({ line }) => told.push(line));
    client.on('close', () => told.push('(close)'));
    client.on('reconnect', ({ host, error }) => told.push(`(reconnect) ${host}: ${error.message}`));
    expect(await rejection(client.size('a'))).to.be.instanceOf(ReplyError);
    expect(await client.size('b')).to.equal(2);
    expect(told.slice(0, 4)).to.deep.equal(['SIZE a', '(close)', 'USER alice', 'PASS ***']);
    expect(told.slice(-2)).to.deep.equal([
      '(reconnect) 127.0.0.1: the server ended the control connection: 421 going down',
      'SIZE b',
    ]);
  });

  it('do not show the password where the server repeats it, and neither does the error', async () => {
    const script: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice', '331 password');
      await peer.on('PASS secret', '530 not with secret!');
    };
    await using server = await scriptedServer(script);
    const error = await rejection(FtpsClient.connect(await scriptedOptions(server)));
    expect(error).to.be.instanceOf(ReplyError).with.property('message').that.includes('530 not with ***!');
    expect((error as ReplyError).reply.lines.join()).not.to.include('secret');
  });

  it('are told to every listener, also behind one that throws or rejects, and the call goes on', async () => {
    const script: Script = async (peer) => {
      await peer.on('NOOP', '200 ok');
      await peer.on('QUIT', '221 bye');
    };
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): unknown => warnings.push(message);
    process.on('warning', onWarning);
    try {
      await withScriptedClient({ script }, async (client) => {
        let told = 0;
        client.on('reply', () => {
          throw new Error('broken listener');
        });
        const rejects: () => unknown = () => Promise.reject(new Error('broken promise'));
        client.on('reply', rejects);
        client.once('reply', () => (told += 1));
        expect((await client.raw('NOOP')).code).to.equal(200);
        expect(told).to.equal(1);
        await new Promise(setImmediate);
        expect(warnings.join()).to.include('broken listener').and.include('broken promise');
      });
    } finally {
      process.off('warning', onWarning);
    }
  });
});
