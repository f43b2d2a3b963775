import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { parseEprtArgument, parsePortArgument } from '@ftps-kit/ftp-protocol';
import { FtpsClient, ReplyError, TimeoutError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';
import { TestServer } from '../../../support/test-server.js';

const features = ['MLST type*;'];
const active = { dataConnections: 'active' } as const;

async function argumentOf(peer: ScriptedPeer, verb: string): Promise<string> {
  const line = (await peer.line()) ?? '';
  expect(line.split(' ')[0]).to.equal(verb);
  return line.slice(verb.length + 1);
}

/** Connects to the client as a server would, sends an entry, and ends. */
async function sendEntry(port: number, localAddress = '127.0.0.1'): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress });
  await once(socket, 'connect');
  socket.end('type=file; a\r\n');
  return socket;
}

describe('active mode', () => {
  for (const versions of ['1.3', '1.2'] as const) {
    it(`moves files both ways and lists, resumed and proved, under TLS ${versions}`, async () => {
      await using server = await TestServer.start({ active: true, binding: 'require', versions });
      const { host, port, user, password, caPem } = server;
      await using client = await FtpsClient.connect({ host, port, user, password, tls: { ca: caPem }, ...active });
      const content = Buffer.alloc(300_000, 'x');
      expect(await client.upload(content, '/a')).to.include({ resumed: true, bytes: content.length });
      const received: Uint8Array[] = [];
      const sink = {
        write: (chunk: Uint8Array) => Promise.resolve(void received.push(Uint8Array.from(chunk))),
        commit: () => Promise.resolve(),
        discard: () => Promise.resolve(),
      };
      expect(await client.download('/a', sink)).to.include({ resumed: true });
      expect(Buffer.concat(received).equals(content)).to.equal(true);
      expect((await collect(client.list('/'))).map(({ name }) => name)).to.deep.equal(['a']);
      expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound', 'bound']);
      expect(await rejection(client.download('/missing', sink))).to.be.instanceOf(ReplyError);
      expect(await client.size('/a')).to.equal(content.length);
    });
  }

  it('goes by PORT, from then on, where EPRT is not understood', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await argumentOf(peer, 'EPRT');
      await peer.say('500 what?\r\n');
      for (let round = 0; round < 2; round++) {
        const { port } = parsePortArgument(await argumentOf(peer, 'PORT'));
        await peer.say('200 ok\r\n');
        await peer.on('MLSD', '150 here it comes');
        await sendEntry(port);
        await peer.say('226 done\r\n');
      }
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, features, options: active }, async (client) => {
      for (let round = 0; round < 2; round++) expect(await collect(client.list())).to.have.lengthOf(1);
    });
  });

  it('takes the data connection of nobody but the server', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const { port } = parseEprtArgument(await argumentOf(peer, 'EPRT'));
      await peer.say('200 ok\r\n');
      await peer.on('MLSD', '150 here it comes');
      const stranger = await sendEntry(port, '127.0.0.3').catch(() => undefined);
      if (stranger !== undefined && !stranger.destroyed) {
        stranger.on('error', () => undefined);
        await once(stranger.resume(), 'close');
      }
      const socket = net.connect({ host: '127.0.0.1', port });
      socket.end('type=file; b\r\n');
      await peer.say('226 done\r\n');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, features, options: active }, async (client) => {
      expect((await collect(client.list())).map(({ name }) => name)).to.deep.equal(['b']);
    });
  });

  it('waits for the server no longer than a connection may take, and is in step again', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await argumentOf(peer, 'EPRT');
      await peer.say('200 ok\r\n');
      await peer.on('MLSD', '150 here it comes');
      await peer.abort('425 cannot connect\r\n226 aborted');
      await peer.on('QUIT', '221 bye');
    };
    const options = { ...active, timeouts: { connectMs: 50 } };
    await withScriptedClient({ script, features, options }, async (client) => {
      expect(await rejection(collect(client.list())))
        .to.be.instanceOf(TimeoutError)
        .with.property('phase', 'connect');
    });
  });
});
