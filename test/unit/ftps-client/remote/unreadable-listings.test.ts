import { expect } from 'chai';
import { IncompleteListingError, ProtocolError, type FtpsClient } from '@ftps-kit/ftps-client';
import { TURN_BYTES, inTurns } from '../../../../packages/ftps-client/src/remote/in-turns.js';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

const unix = (name: string): string => `-rw-r--r--    1 alice users 5 Jan  1 10:00 ${name}`;
const byList = ['EPSV'];
const byMlsd = ['EPSV', 'MLST type*;'];

/** Answers every listing with this text, and everything else as scripted. */
async function withListing(
  { text, features, answers = {} }: { text: string; features: string[]; answers?: Record<string, string> },
  work: (client: FtpsClient) => Promise<void>,
): Promise<readonly string[]> {
  const commands: string[] = [];
  const script = async (peer: ScriptedPeer): Promise<void> => {
    for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
      commands.push(line);
      if (line === 'QUIT') return peer.say('221 bye\r\n');
      if (line !== 'EPSV') {
        await peer.say(`${answers[line] ?? '550 no'}\r\n`);
        continue;
      }
      const data = await peer.listenForData();
      await peer.say(`229 listening (|||${data.port}|)\r\n`);
      commands.push(String(await peer.line()));
      await peer.say('150 here\r\n');
      await peer.send(data, text);
      await peer.say('226 done\r\n');
    }
  };
  await withScriptedClient({ script, features }, work);
  return commands;
}

/** What a listing gave, and the lines that it says it could not read. */
async function listed(
  features: string[],
  text: string,
): Promise<{ names: string[]; unread: readonly string[]; error: unknown }> {
  const names: string[] = [];
  let error: unknown;
  await withListing({ features, text }, async (client) => {
    try {
      for await (const { name } of client.list('d')) names.push(name);
    } catch (thrown) {
      error = thrown;
    }
  });
  return { names, unread: error instanceof IncompleteListingError ? error.unread : [], error };
}

describe('a listing that cannot be read in full', () => {
  it('gives what can be read, and then an error with the rest', async () => {
    const { names, unread, error } = await listed(
      byMlsd,
      'type=file; a\r\nnonsense\x1b[2J\r\ntype=file; b\r\nmore\r\n',
    );
    expect(names).to.deep.equal(['a', 'b']);
    expect(unread).to.deep.equal(['nonsense\x1b[2J', 'more']);
    expect(error).to.be.instanceOf(ProtocolError).with.property('code', 'FTPS_ERR_INCOMPLETE_LISTING');
    const { message, entries } = error as IncompleteListingError;
    expect(message).to.equal('the listing of d is incomplete: a line of it cannot be read, nor 1 more: nonsense?[2J');
    expect(entries.map(({ name }) => name)).to.deep.equal(['a', 'b']);
  });

  it('takes no line feed within a name for the end of a line, whatever stands behind it', async () => {
    const forged = 'z\ntype=dir;size=1; victim';
    for (const [features, before] of [
      [byMlsd, 'type=file;size=1; '],
      [byList, '-rw-r--r-- 1 a a 5 Jan  1 10:00 '],
    ] as const) {
      for (const name of ['c\nd', forged, `x\n${unix('victim')}`, '\n\n', 'end\n']) {
        const { names, unread } = await listed([...features], `${before}good\r\n${before}${name}\r\n${before}last\r\n`);
        expect(names).to.deep.equal(['good', 'last']);
        expect(unread).to.deep.equal([`${before}${name}`]);
      }
      // Also where it is the first of them or the last, and where the end of the last line is left out.
      expect((await listed([...features], `${before}${forged}\r\n`)).names).to.deep.equal([]);
      const { names, unread } = await listed([...features], `${before}good\r\n${before}${forged}`);
      expect({ names, unread }).to.deep.equal({ names: ['good'], unread: [`${before}${forged}`] });
    }
  });

  it('has no link whose target may go on in its name', async () => {
    const lines = [
      'type=OS.unix=slink:/a b;size=3; good',
      'type=OS.unix=slink:/a; b;type=dir; ../evil',
      'type=file; f; g',
    ];
    const { names, unread } = await listed(byMlsd, lines.map((line) => `${line}\r\n`).join(''));
    expect(names).to.deep.equal(['good', 'f; g']);
    expect(unread).to.deep.equal([lines[1]]);
  });

  it('is told of where a name makes CRLF out of lines that end in LF alone', async () => {
    const { names, unread } = await listed(byList, `${unix('a')}\n${unix('b\r')}\n${unix('c')}\n`);
    expect(names).to.deep.equal([]);
    expect(unread).to.have.length(2);
  });

  it('by LIST has no lines of MLSD, nor others that no form of LIST fits', async () => {
    const text = [unix('f'), 'type=dir;size=1; victim', ' victim', unix('g').replace(' 5 ', ' - '), unix('')].join(
      '\r\n',
    );
    const { names, unread } = await listed(byList, `${text}\r\n`);
    expect(names).to.deep.equal(['f']);
    expect(unread).to.deep.equal(text.split('\r\n').slice(1));
    expect((await listed(byList, 'ls: x: Permission denied\r\n')).unread).to.deep.equal(['ls: x: Permission denied']);
  });

  it('says nothing of a name that is not among the lines that can be read', async () => {
    const text = `${unix('a')}\r\n${unix('c\nd')}\r\n`;
    await withListing({ features: byList, text }, async (client) => {
      expect(await client.stat('d/a')).to.include({ name: 'a', type: 'file' });
      expect(await rejection(client.stat('d/b'))).to.be.instanceOf(IncompleteListingError);
      expect(await rejection(client.exists('d/b'))).to.be.instanceOf(IncompleteListingError);
    });
  });

  it('ends a walk behind what could be read, or is told to who listens', async () => {
    const text = 'type=file; a\r\ntype=file; c\nd\r\n';
    await withListing({ features: byMlsd, text }, async (client) => {
      const paths: string[] = [];
      const told: [Error, string][] = [];
      const walk = async (): Promise<void> => {
        for await (const { path } of client.walk('d')) paths.push(path);
      };
      expect(await rejection(walk())).to.be.instanceOf(IncompleteListingError);
      expect(paths).to.deep.equal(['a']);
      const entries = await collect(client.walk('d', { onError: (error, path) => told.push([error, path]) }));
      expect(entries.map(({ path }) => path)).to.deep.equal(['a']);
      expect(told).to.have.length(1);
      expect(told[0]?.[0]).to.be.instanceOf(IncompleteListingError);
    });
  });

  it('is never enough to remove a folder by', async () => {
    const answers = { 'MLST d': '250-x\r\n type=dir; d\r\n250 ok', 'DELE d/a': '250 gone', 'RMD d': '250 gone' };
    const text = 'type=file; a\r\ntype=file; c\nd\r\n';
    const commands = await withListing({ features: byMlsd, text, answers }, async (client) => {
      expect(await rejection(client.removeDirectory('d', { recursive: true }))).to.be.instanceOf(
        IncompleteListingError,
      );
    });
    expect(commands).not.to.include('RMD d');
  });
});

describe('a listing by LIST', () => {
  it('is read line by line, in the form of Unix or DOS, with the lines around it that are no entries', async () => {
    const dos = ['08-10-23  02:33PM       <DIR>          foo', '08-10-23  02:33PM                 1234 bar.txt'];
    for (const [text, expected] of [
      [
        [...dos, '       2 File(s)   1,234 bytes', '       1 Dir(s)  12,345 bytes free'],
        ['foo', 'bar.txt'],
      ],
      [
        ['insgesamt 8', unix('f'), unix('8')],
        ['f', '8'],
      ],
      [
        ['total 8', unix('a'), dos[1] ?? ''],
        ['a', 'bar.txt'],
      ],
      [['   2345 -rw-r--r-- 1 a a 5 Jan  1 10:00 inode'], ['inode']],
    ] as const) {
      for (const end of ['\r\n', '\n']) {
        const { names, error } = await listed(byList, text.map((line) => line + end).join(''));
        expect(error).to.equal(undefined);
        expect(names).to.deep.equal(expected);
      }
    }
  });

  it('keeps every character of a name', async () => {
    const odd = [
      'a\rb',
      '\r',
      'a\u2028b',
      'a\u2029',
      'a\u0085b',
      ' before',
      'behind ',
      '\u{1a000}',
      '\ufeff',
      'a\u00a0',
    ];
    const { names, error } = await listed(byList, odd.map((name) => `${unix(name)}\r\n`).join(''));
    expect(error).to.equal(undefined);
    expect(names).to.deep.equal(odd);
  });
});

describe('a long listing', () => {
  it('is taken apart with turns for others in between', async () => {
    let turns = 0;
    let isDone = false;
    const others = async (): Promise<void> => {
      while (!isDone) {
        await new Promise(setImmediate);
        turns += 1;
      }
    };
    const running = others();
    const visited: number[] = [];
    const items = Array.from({ length: 40 }, (_, number) => number);
    await inTurns(
      items,
      () => TURN_BYTES / 4,
      (item, index) => visited.push(item + index),
    );
    isDone = true;
    await running;
    expect(turns).to.be.at.least(10);
    expect(visited).to.deep.equal(items.map((item) => 2 * item));
  });
});
