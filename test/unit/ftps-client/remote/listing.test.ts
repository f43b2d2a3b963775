import { expect } from 'chai';
import type { Entry } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

const plain = '-rw-r--r-- 1 a a 5 Jan  1 10:00 f\r\n';

/** Answers one listing command. */
async function list(peer: ScriptedPeer, command: string, text: string | Buffer): Promise<void> {
  const data = await peer.passive();
  await peer.on(command, '150 here it comes');
  await peer.send(data, text);
  await peer.say('226 done\r\n');
}

/** Lets the client find out that a listing without `.` and `..` in it may be that of a folder, and enter this one. */
async function enter(peer: ScriptedPeer, folder: string): Promise<void> {
  await peer.on('PWD', '257 "/" is where you are');
  await peer.on(`CWD ${folder}`, '250 there');
  await peer.on('CWD /', '250 back');
}

async function quit(peer: ScriptedPeer): Promise<void> {
  await peer.on('QUIT', '221 bye');
}

/** What the client makes of an MLSD with these lines. */
async function machineListed(text: string | Buffer): Promise<Entry[]> {
  let entries: Entry[] = [];
  const script = async (peer: ScriptedPeer): Promise<void> => {
    await list(peer, 'MLSD /x y', text);
    await quit(peer);
  };
  await withScriptedClient({ script }, async (client) => {
    entries = await collect(client.list('/x y'));
  });
  return entries;
}

describe('a listing', () => {
  it('by MLSD gives types, sizes and times in UTC, without the folder and its parent', async () => {
    const entries = await machineListed(
      [
        'type=cdir;modify=20260102030405; .',
        'type=pdir; ..',
        'Type=file;Size=7;Modify=20260102030405.678; a file; with = signs ',
        'type=dir;size=4096; Ordner ü',
        'type=OS.unix=slink:/etc/passwd; link',
        'type=OS.unix=symlink; other link',
        'type=OS.unix=slink:; a link; to nobody knows what',
        'type=OS.unix=chr-1/3; null',
        ' no facts',
      ].join('\r\n'),
    );
    expect(entries.map(({ name, type, size }) => [name, type, size])).to.deep.equal([
      ['a file; with = signs ', 'file', 7],
      ['Ordner ü', 'directory', 4096],
      ['link', 'link', undefined],
      ['other link', 'link', undefined],
      ['a link; to nobody knows what', 'link', undefined],
      ['null', 'other', undefined],
      ['no facts', 'other', undefined],
    ]);
    expect(entries[0]?.modifiedAt?.toISOString()).to.equal('2026-01-02T03:04:05.678Z');
    expect(entries[0]?.facts.get('modify')).to.equal('20260102030405.678');
    expect(entries.slice(2, 5).map(({ linkTarget }) => linkTarget)).to.deep.equal([
      '/etc/passwd',
      undefined,
      undefined,
    ]);
  });

  it('gives names that are one component, whatever the server says', async () => {
    const lines = ['type=file; /etc/passwd', 'type=file; ../../up', 'type=dir; x/..', 'type=dir; a/', 'type=cdir; /'];
    const entries = await machineListed(lines.join('\r\n'));
    expect(entries.map(({ name }) => name)).to.deep.equal(['passwd', 'up', 'a']);
  });

  it('by LIST, hidden files included, is read in the forms of Unix and DOS', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await list(
        peer,
        'LIST -a',
        [
          'total 3',
          'drwxr-xr-x 2 alice users 4096 Jan 02 03:04 .',
          'drwxr-xr-x 2 alice users 4096 Jan  2  2020 a folder',
          '-rw-r--r-- 1 alice users 17 Jan 02 03:04 .hidden',
          'lrwxrwxrwx 1 alice users 3 Jan 02 03:04 link -> ../x',
        ].join('\r\n'),
      );
      await list(peer, 'LIST -a /d', '01-02-26  03:04AM       <DIR>          Docs\r\n01-02-26  03:04PM  12 a.txt\r\n');
      await list(peer, 'LIST -a ./-l', '');
      await list(peer, 'LIST -a /', plain);
      await enter(peer, './-l');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['EPSV'] }, async (client) => {
      const unix = await collect(client.list());
      expect(unix.map(({ name, type, size, linkTarget }) => [name, type, size, linkTarget])).to.deep.equal([
        ['a folder', 'directory', undefined, undefined],
        ['.hidden', 'file', 17, undefined],
        ['link', 'link', 3, '../x'],
      ]);
      expect(unix[0]).to.include({ modifiedAt: undefined, listedTime: 'Jan  2 2020' });
      const dos = await collect(client.list('/d'));
      expect(dos.map(({ name, type, size }) => [name, type, size])).to.deep.equal([
        ['Docs', 'directory', undefined],
        ['a.txt', 'file', 12],
      ]);
      expect(await collect(client.list('-l'))).to.deep.equal([]);
    });
  });

  for (const [what, refusal] of [
    ['a name', '550 -a: no such folder'],
    ['a pattern', '450 No files found'],
  ] as const) {
    it(`by LIST does without options where the server takes them for ${what}, from then on`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.passive();
        await peer.on('LIST -a', refusal);
        await list(peer, 'LIST', plain);
        await list(peer, 'LIST', '');
        await quit(peer);
      };
      await withScriptedClient({ script, features: ['EPSV'] }, async (client) => {
        expect((await collect(client.list())).map(({ name }) => name)).to.deep.equal(['f']);
        expect(await collect(client.list())).to.deep.equal([]);
      });
    });
  }

  it('by LIST that has no lines is asked for once more without options, unless they were seen to work', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await list(peer, 'LIST -a /empty', '');
      await list(peer, 'LIST /empty', '');
      await list(peer, 'LIST -a /', plain);
      await enter(peer, '/empty');
      await list(peer, 'LIST -a /full', plain);
      await list(peer, 'LIST -a /empty', '');
      await enter(peer, '/empty');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['EPSV'] }, async (client) => {
      for (const [folder, count] of [
        ['/empty', 0],
        ['/full', 1],
        ['/empty', 0],
      ] as const) {
        expect(await collect(client.list(folder))).to.have.length(count);
      }
    });
    const patterns = async (peer: ScriptedPeer): Promise<void> => {
      await list(peer, 'LIST -a /full', '');
      await list(peer, 'LIST /full', plain);
      await list(peer, 'LIST /full', plain);
      await quit(peer);
    };
    await withScriptedClient({ script: patterns, features: ['EPSV'] }, async (client) => {
      for (let round = 0; round < 2; round++) expect(await collect(client.list('/full'))).to.have.length(1);
    });
  });

  it('is had by LIST, from then on, where the server lists MLST and does not know MLSD', async () => {
    for (const refusal of ['500 what?', '502 not here']) {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.passive();
        await peer.on('MLSD', refusal);
        await list(peer, 'LIST -a', plain);
        await list(peer, 'LIST -a', plain);
        await peer.on('MLST f', '250-x\r\n type=file; f\r\n250 end');
        await quit(peer);
      };
      await withScriptedClient({ script }, async (client) => {
        for (let round = 0; round < 2; round++) expect(await collect(client.list())).to.have.length(1);
        expect(await client.stat('f')).to.include({ type: 'file' });
      });
    }
  });

  it('lets other calls be made while it is walked through', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await list(peer, 'MLSD', 'type=file; a\r\ntype=file; b\r\n');
      await peer.on('SIZE a', '213 1');
      await peer.on('SIZE b', '213 2');
      await quit(peer);
    };
    await withScriptedClient({ script }, async (client) => {
      const sizes: number[] = [];
      for await (const { name } of client.list()) sizes.push(await client.size(name));
      expect(sizes).to.deep.equal([1, 2]);
    });
  });
});
