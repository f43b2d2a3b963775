import { expect } from 'chai';
import {
  AbortedError,
  NotFoundError,
  ProtocolError,
  ReplyError,
  UnsupportedError,
  type FtpsClient,
} from '@ftps-kit/ftps-client';
import { connectTo } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script, ScriptedPeer } from '../../../support/scripted-server.js';
import { TestServer } from '../../../support/test-server.js';

const unixListing = [
  'drwxr-xr-x 2 alice users 4096 Jan 02 03:04 folder',
  '-rw-r--r-- 1 alice users 17 Jan 02 03:04 file',
  'lrwxrwxrwx 1 alice users 3 Jan 02 03:04 link -> ../x',
].join('\r\n');

async function lists(peer: ScriptedPeer, command: string): Promise<void> {
  const data = await peer.passive();
  await peer.on(command, '150 here it comes');
  await peer.send(data, unixListing);
  await peer.say('226 done\r\n');
}

const quit = (peer: ScriptedPeer): Promise<void> => peer.on('QUIT', '221 bye');
const old = ['EPSV', 'SIZE', 'MDTM'];

describe('what one remote path is', () => {
  it('is told by our own server, for files, folders and what is not there', async () => {
    await using server = await TestServer.start({ files: { 'a/f': 'hello' } });
    await using client = await connectTo(server);
    expect(await client.stat('/a/f')).to.include({ name: 'f', type: 'file', size: 5 });
    expect(await client.stat('/a/')).to.include({ name: 'a', type: 'directory', size: undefined });
    expect(await client.stat('/')).to.include({ type: 'directory' });
    expect(await rejection(client.stat('/a/missing')))
      .to.be.instanceOf(NotFoundError)
      .and.include({ path: '/a/missing' });
    expect([await client.exists('/a/f'), await client.exists('/a'), await client.exists('/b/c')]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it('keeps its time, to the second, when that is set', async () => {
    await using server = await TestServer.start({ files: { f: 'hello' } });
    await using client = await connectTo(server);
    const time = new Date('2020-02-29T23:59:58Z');
    await client.setModified('/f', time);
    expect(await client.modifiedAt('/f')).to.deep.equal(time);
    expect(await rejection(client.modifiedAt('/missing'))).to.be.instanceOf(NotFoundError);
  });

  it('follows the working folder, which a login that is opened again comes back to', async () => {
    await using server = await TestServer.start({ files: { 'a/b/f': 'hello' } });
    await using client = await connectTo(server, { reconnect: true });
    await client.cwd('/a');
    await client.cwd('b');
    expect(await client.pwd()).to.equal('/a/b');
    expect(await client.stat('f')).to.include({ size: 5 });
    expect(await rejection(client.cwd('missing'))).to.be.instanceOf(ReplyError);
    expect(await client.pwd()).to.equal('/a/b');
  });

  it('comes from the listing of its folder where there is no MLST, and a missing time or size from the server', async () => {
    const script: Script = async (peer) => {
      await lists(peer, 'LIST -a /d');
      await peer.on('MDTM /d/file', '213 20260102030405');
      await lists(peer, 'LIST -a /d');
      await lists(peer, 'LIST -a');
      await lists(peer, 'LIST -a /');
      await quit(peer);
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      const file = await client.stat('/d/file');
      expect(file).to.include({ name: 'file', type: 'file', size: 17 });
      expect(file.modifiedAt).to.deep.equal(new Date('2026-01-02T03:04:05Z'));
      expect(await client.stat('/d/folder/')).to.include({ name: 'folder', type: 'directory' });
      expect(await client.stat('link')).to.include({ name: 'link', type: 'link', linkTarget: '../x' });
      expect(await client.exists('/other')).to.equal(false);
    });
  });

  it('is a folder where it has no name of its own and can be entered, and the working folder stays', async () => {
    const script: Script = async (peer) => {
      for (const path of ['/', '..']) {
        await peer.on('PWD', '257 "/home ""x""" is where you are');
        await peer.on(`CWD ${path}`, '250 ok');
        await peer.on('CWD /home "x"', '250 ok');
      }
      await quit(peer);
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      expect(await client.stat('/')).to.include({ name: '', type: 'directory' });
      expect(await client.stat('..')).to.include({ type: 'directory' });
    });
  });

  it('costs the login where it cannot go back to its working folder', async () => {
    const script: Script = async (peer) => {
      await peer.on('PWD', '257 "/home"');
      await peer.on('CWD /', '250 ok');
      await peer.on('CWD /home', '550 not any more');
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      expect(await rejection(client.stat('/'))).to.be.instanceOf(ReplyError);
      expect(client.isOpen).to.equal(false);
    });
  });

  it('leaves the working folder as it was where the call is aborted in between', async () => {
    const controller = new AbortController();
    const script: Script = async (peer) => {
      await peer.on('PWD', '257 "/home"');
      expect(await peer.line()).to.equal('CWD /');
      controller.abort();
      await peer.say('250 ok\r\n');
      await peer.on('CWD /home', '250 ok');
      await quit(peer);
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      expect(await rejection(client.stat('/', { signal: controller.signal }))).to.be.instanceOf(AbortedError);
    });
  });

  it('is meant from the folder that was changed to, also where the change was aborted on its way', async () => {
    const changes = [
      (client: FtpsClient, signal: AbortSignal) => client.cwd('/d', { signal }),
      (client: FtpsClient, signal: AbortSignal) => client.raw('CWD', '/d', { signal }),
    ];
    for (const change of changes) {
      const controller = new AbortController();
      const script: Script = async (peer) => {
        expect(await peer.line()).to.equal('CWD /d');
        controller.abort();
        await peer.say('250 ok\r\n');
        await peer.on('PWD', '257 "/d"');
        await quit(peer);
      };
      await withScriptedClient({ script, features: old }, async (client) => {
        await change(client, controller.signal);
      });
    }
  });

  it('is asked for by a listing where the server lists MLST and does not have it', async () => {
    const script: Script = async (peer) => {
      await peer.on('MLST /d/x', '502 not implemented');
      const data = await peer.passive();
      await peer.on('MLSD /d', '150 here it comes');
      await peer.send(data, 'type=file;size=3;modify=20260102030405; x\r\n');
      await peer.say('226 done\r\n');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['EPSV', 'MLST type*;size*;'] }, async (client) => {
      expect(await client.stat('/d/x')).to.include({ name: 'x', size: 3 });
    });
  });

  it('has its time set by MDTM where there is no MFMT, and it is said where that does not work', async () => {
    const script: Script = async (peer) => {
      await peer.on('MDTM 20260102030405 /f', '213 set');
      await peer.on('MDTM 20260102030405 /file', '550 no such file');
      await lists(peer, 'LIST -a /');
      await peer.on('MDTM /file', '550 no');
      await quit(peer);
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      const time = new Date('2026-01-02T03:04:05.678Z');
      await client.setModified('/f', time);
      expect(await rejection(client.setModified('/file', time))).to.be.instanceOf(UnsupportedError);
    });
  });

  it('has no time where neither MDTM nor a listing tells it, and what the server said to MDTM is the cause', async () => {
    const script: Script = async (peer) => {
      await peer.on('MDTM /file', '502 not implemented');
      await lists(peer, 'LIST -a /');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['EPSV', 'SIZE'] }, async (client) => {
      const error = await rejection(client.modifiedAt('/file'));
      expect(error).to.be.instanceOf(UnsupportedError).with.nested.property('cause.reply.code', 502);
    });
  });

  it('is not told by a reply that holds something else, and the error says what is wrong with it', async () => {
    const script: Script = async (peer) => {
      await peer.on('MDTM /file', '213 yesterday');
      await peer.on('SIZE /file', '213 much');
      await peer.on('PWD', '257 here');
      await quit(peer);
    };
    await withScriptedClient({ script, features: old }, async (client) => {
      const calls = [() => client.modifiedAt('/file'), () => client.size('/file'), () => client.pwd()];
      const whats = ['MDTM holds no time', 'SIZE holds no size', 'PWD holds no path'];
      for (const [index, call] of calls.entries()) {
        const error = await rejection(call());
        if (!(error instanceof ProtocolError) || !(error.cause instanceof Error)) throw error;
        expect(error.message).to.equal(`the reply to ${whats[index] ?? ''}: ${error.cause.message}`);
      }
    });
  });
});
