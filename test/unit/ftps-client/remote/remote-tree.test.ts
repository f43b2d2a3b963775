import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AbortedError, ConfigError, NotFoundError, ReplyError, UnsupportedError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { connectTo } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script, ScriptedPeer } from '../../../support/scripted-server.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { TestServer } from '../../../support/test-server.js';

const quit = (peer: ScriptedPeer): Promise<void> => peer.on('QUIT', '221 bye');

async function lists(peer: ScriptedPeer, folder: string, lines: readonly string[]): Promise<void> {
  const data = await peer.passive();
  await peer.on(`MLSD ${folder}`, '150 here it comes');
  await peer.send(data, lines.map((line) => `${line}\r\n`).join(''));
  await peer.say('226 done\r\n');
}

const tells = (peer: ScriptedPeer, path: string, type: string): Promise<void> =>
  peer.on(`MLST ${path}`, `250-here\r\n type=${type}; ${path}\r\n250 end`);

describe('folders of a tree', () => {
  it('are made with those around them, and are as good as made where they stand', async () => {
    await using server = await TestServer.start({ files: { file: '' } });
    await using client = await connectTo(server);
    await client.mkdir('/a/b/c', { recursive: true });
    await client.mkdir('/a/b/c/', { recursive: true });
    await client.mkdir('x/y', { recursive: true });
    expect(server.names('a/b')).to.deep.equal(['c']);
    expect(server.names('x')).to.deep.equal(['y']);
    expect(await rejection(client.mkdir('/a'))).to.be.instanceOf(ReplyError);
    expect(await rejection(client.mkdir('/n/m'))).to.be.instanceOf(ReplyError);
    for (const path of ['/file', '/file/below']) {
      expect(await rejection(client.mkdir(path, { recursive: true }))).to.be.instanceOf(ReplyError);
    }
    expect(await rejection(client.mkdir('/q', { recursiv: true } as object))).to.be.instanceOf(ConfigError);
  });

  it('are made also where somebody else makes them at the same time', async () => {
    const script: Script = async (peer) => {
      await peer.on('MKD /a/b', '550 no such folder');
      await peer.on('MLST /a/b', '550 no');
      await peer.on('MKD /a', '550 it exists');
      await tells(peer, '/a', 'dir');
      await peer.on('MKD /a/b', '550 it exists now');
      await tells(peer, '/a/b', 'dir');
      await quit(peer);
    };
    await withScriptedClient({ script }, (client) => client.mkdir('/a/b', { recursive: true }));
  });

  it('are removed with everything in them, and what links lead to stays', async () => {
    await using server = await TestServer.start({ files: { 'a/b/c/d': 'x', 'a/e': 'x', 'keep/precious': 'p' } });
    await using client = await connectTo(server);
    symlinkSync('../../keep', join(server.root, 'a/b/link'));
    symlinkSync('../keep/precious', join(server.root, 'a/file link'));
    symlinkSync('../../a', join(server.root, 'a/b/circle'));
    await client.removeDirectory('/a', { recursive: true });
    expect(server.names()).to.deep.equal(['keep']);
    expect(server.read('keep/precious')).to.equal('p');
  });

  it('are gone through to an end where a link leads round in a circle', async () => {
    await using server = await TestServer.start({ files: { 'a/b/c': 'x' } });
    await using client = await connectTo(server);
    symlinkSync('../../a', join(server.root, 'a/b/circle'));
    const paths = (await collect(client.walk('/'))).map(({ path }) => path);
    expect(paths).to.deep.equal(['a', 'a/b', 'a/b/c', 'a/b/circle']);
  });

  it('are not gone through where the folder itself is a link', async () => {
    await using server = await TestServer.start({ files: { 'keep/precious': 'p' } });
    await using client = await connectTo(server);
    symlinkSync('keep', join(server.root, 'link'));
    await client.removeDirectory('/link', { recursive: true });
    expect(server.names()).to.deep.equal(['keep']);
    expect(server.read('keep/precious')).to.equal('p');
  });

  it('are left whole where a file was named, where nothing is there, and without being asked to', async () => {
    await using server = await TestServer.start({ files: { 'a/f': 'x' } });
    await using client = await connectTo(server);
    expect(await rejection(client.removeDirectory('/a/f', { recursive: true }))).to.be.instanceOf(UnsupportedError);
    expect(await rejection(client.removeDirectory('/b', { recursive: true }))).to.be.instanceOf(NotFoundError);
    expect(await rejection(client.removeDirectory('/a'))).to.be.instanceOf(ReplyError);
    expect(server.read('a/f')).to.equal('x');
  });

  it('listed as folders and removed as links are links in disguise, and are not entered', async () => {
    const script: Script = async (peer) => {
      await tells(peer, '/a', 'dir');
      await peer.on('DELE /a', '550 it is a folder');
      await lists(peer, '/a', ['type=dir; disguised', 'type=OS.unix=slink:/etc; plain', 'type=dir; real']);
      await peer.on('DELE /a/plain', '250 gone');
      await peer.on('DELE /a/disguised', '250 gone');
      await peer.on('DELE /a/real', '550 it is a folder');
      await lists(peer, '/a/real', []);
      await peer.on('RMD /a/real', '250 gone');
      await peer.on('RMD /a', '250 gone');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client, { lines }) => {
      await client.removeDirectory('/a', { recursive: true });
      expect(lines).not.to.include('MLSD /a/disguised');
    });
  });

  it('listed as folders, and refused as what is none, are links that stay, and are not entered', async () => {
    const script: Script = async (peer) => {
      await tells(peer, '/a', 'dir');
      await peer.on('DELE /a', '550 ENOTEMPTY: directory not empty');
      await lists(peer, '/a', ['type=dir; disguised']);
      await peer.on('DELE /a/disguised', '550 ENOTDIR: not a directory');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      const error = await rejection(client.removeDirectory('/a', { recursive: true }));
      expect(error).to.be.instanceOf(ReplyError).with.property('message').that.includes('/a/disguised');
    });
  });

  it('that somebody else removes at the same time are gone too; what is refused and stays is an error', async () => {
    const script: Script = async (peer) => {
      await tells(peer, '/a', 'dir');
      await peer.on('DELE /a', '550 it is a folder');
      await lists(peer, '/a', ['type=file; f', 'type=file; g']);
      await peer.on('DELE /a/f', '550 no such file');
      await peer.on('MLST /a/f', '550 no such file');
      await peer.on('DELE /a/g', '550 permission denied');
      await tells(peer, '/a/g', 'file');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      const error = await rejection(client.removeDirectory('/a', { recursive: true }));
      expect(error).to.be.instanceOf(ReplyError).with.property('message').that.includes('/a/g: 550 permission denied');
    });
  });

  it('stay where the removal is aborted, as far as it did not come', async () => {
    await using server = await TestServer.start({ files: { 'a/b/f': 'x' } });
    await using client = await connectTo(server);
    const controller = new AbortController();
    server.server.once('transfer', () => {
      controller.abort();
    });
    const removal = client.removeDirectory('/a', { recursive: true, signal: controller.signal });
    expect(await rejection(removal)).to.be.instanceOf(AbortedError);
    expect(server.read('a/b/f')).to.equal('x');
    expect(await client.exists('/a/b')).to.equal(true);
  });

  it('are walked through while other calls are made', async () => {
    await using server = await TestServer.start({ files: { 'a/b/f': 'x', 'a/g': 'xy' } });
    await using client = await connectTo(server);
    const sizes: [string, number][] = [];
    for await (const { path, type } of client.walk('/a')) {
      if (type === 'file') sizes.push([path, await client.size(`/a/${path}`)]);
    }
    expect(sizes.sort()).to.deep.equal([
      ['b/f', 1],
      ['g', 2],
    ]);
    expect(await rejection(collect(client.walk('/a', { depth: 1 } as object)))).to.be.instanceOf(ConfigError);
    expect(await rejection(collect(client.walk('/missing')))).to.be.instanceOf(ReplyError);
  });

  it('leave what lies beside the root of the server alone', async () => {
    await withTemporaryFolder(async (outside) => {
      writeFileSync(join(outside, 'precious'), 'p');
      await using server = await TestServer.start();
      await using client = await connectTo(server);
      mkdirSync(join(server.root, 'a'));
      symlinkSync(outside, join(server.root, 'a/out'));
      await client.removeDirectory('/a', { recursive: true }).catch(() => undefined);
      expect(existsSync(join(outside, 'precious'))).to.equal(true);
    });
  });
});
