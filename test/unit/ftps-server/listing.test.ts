import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ServerBinding, type ByteChannel } from '@ftps-kit/tls-core';
import { LocalFileSystem, type DirectoryEntry } from '@ftps-kit/ftps-server';
import { parseAccount } from '../../../packages/ftps-server/src/account.js';
import {
  factsOf,
  isListable,
  mlstFacts,
  sendLines,
  timeOf,
  unixLine,
} from '../../../packages/ftps-server/src/listing.js';
import { linesOf } from '../../../packages/ftps-server/src/listing-transfer.js';
import { Session } from '../../../packages/ftps-server/src/session.js';
import { Progress } from '../../../packages/ftps-server/src/transfer.js';

const endpoint = { address: '127.0.0.1', port: 2121 };
const modifiedAt = new Date('2024-02-29T12:34:56Z');
const file: DirectoryEntry = { name: 'a.txt', type: 'file', sizeBytes: 1234, modifiedAt, mode: 0o640 };
const directory: DirectoryEntry = { name: 'd', type: 'directory', sizeBytes: 0, modifiedAt };

function sessionOf({ readOnly }: { readonly readOnly: boolean }): Session {
  const session = new Session(new ServerBinding(), endpoint, endpoint);
  const account = parseAccount({ name: 'alice', fileSystem: new LocalFileSystem('/nowhere'), readOnly });
  session.moveLogin({ kind: 'accepted', account });
  return session;
}

describe('a listing', () => {
  it('writes facts in one order, each ended by a semicolon', () => {
    const session = sessionOf({ readOnly: false });
    expect(factsOf(session, file)).to.equal('type=file;size=1234;modify=20240229123456;perm=radfw;UNIX.mode=0640;');
    expect(factsOf(session, directory)).to.equal('type=dir;modify=20240229123456;perm=elcdfmp;');
  });

  it('writes when a file was created and what tells it from others, where the file system knows', () => {
    const known = { ...file, createdAt: new Date('2020-01-01T00:00:00Z'), identity: '10-4x' };
    expect(factsOf(sessionOf({ readOnly: false }), known)).to.equal(
      'type=file;size=1234;modify=20240229123456;create=20200101000000;perm=radfw;unique=10-4x;UNIX.mode=0640;',
    );
  });

  it('promises a read-only account nothing but reading', () => {
    const session = sessionOf({ readOnly: true });
    expect(factsOf(session, file)).to.include('perm=r;');
    expect(factsOf(session, directory)).to.include('perm=el;');
  });

  it('writes the facts that were selected, and marks them', () => {
    const session = sessionOf({ readOnly: false });
    session.selectedFacts = ['size', 'unix.mode'];
    expect(factsOf(session, file)).to.equal('size=1234;UNIX.mode=0640;');
    expect(
      mlstFacts(session)
        .filter(({ isSelected }) => isSelected)
        .map(({ name }) => name),
    ).to.deep.equal(['size', 'UNIX.mode']);
    session.selectedFacts = [];
    expect(factsOf(session, file)).to.equal('');
  });

  it('leaves out a time that has no form on the wire', () => {
    for (const time of ['+012345-01-01T00:00:00Z', '0999-12-31T23:59:59Z', 'never']) {
      const odd = { ...file, modifiedAt: new Date(time) };
      expect(timeOf(odd), time).to.equal(undefined);
      expect(factsOf(sessionOf({ readOnly: false }), odd), time).not.to.include('modify');
    }
    expect(timeOf(file)).to.equal('20240229123456');
  });

  it('writes lines as ls -l does, with what the file system does not know made up', () => {
    const now = new Date('2024-03-01T00:00:00Z');
    expect(unixLine(file, now)).to.match(/^-rw-r----- +1 ftp +ftp +1234 Feb 29 12:34 a\.txt$/);
    expect(unixLine(directory, now)).to.match(/^drwxr-xr-x +1 ftp +ftp +0 Feb 29 12:34 d$/);
  });

  it('of a hundred thousand entries is sent as it comes: the rest is asked for when somebody takes what is there', async () => {
    let asked = 0;
    async function* lines(): AsyncGenerator<string> {
      for (; asked < 100_000; asked += 1) yield await Promise.resolve(`type=file;size=1; file-${asked}`);
    }
    const written: number[] = [];
    let take: () => void = () => undefined;
    const channel: ByteChannel = {
      closure: 'open',
      receivedBytes: 0,
      sentBytes: 0,
      read: () => Promise.resolve(0),
      write: (chunk) => {
        written.push(chunk.length);
        return new Promise((resolve) => (take = resolve));
      },
      end: () => Promise.resolve(),
      destroy: () => undefined,
    };
    const progress = new Progress(channel, { direction: 'sent', stallTimeoutMs: 60_000 });
    const sent = sendLines(lines(), channel, progress);
    for (let turn = 0; turn < 20_000; turn += 1) await Promise.resolve();
    await setImmediate();
    expect(written).to.have.length(1);
    expect(asked).to.be.below(2_000);
    for (let chunk = 0; chunk < 10; chunk += 1) {
      take();
      await setImmediate();
      expect(asked).to.be.below((written.length + 1) * 2_000);
    }
    expect(Math.max(...written)).to.be.below(40_000);
    const draining = setInterval(() => {
      take();
    }, 0);
    await sent;
    clearInterval(draining);
    progress.stop();
    expect(asked).to.equal(100_000);
  });

  it('leaves out names that would break a line', async () => {
    const names = ['fine', 'bro\nken', 'bro\rken', 'end'];
    const lines: string[] = [];
    const entries = names.map((name) => ({ ...file, name }));
    for await (const line of linesOf(entries, ({ name }) => name)) lines.push(line);
    expect(lines).to.deep.equal(['fine', 'end']);
    expect(isListable('grüße')).to.equal(true);
  });
});
