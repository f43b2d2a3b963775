import { expect } from 'chai';
import { IncompleteListingError, ReplyError, type FtpsClient } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

const line = (mode: string, name: string): string => `${mode} 1 a a 5 Jan  1 10:00 ${name}\r\n`;
const folder = (name: string): string => line('drwxr-xr-x', name);
const dots = folder('.') + folder('..');

/** Plays a server that says 226 to every LIST, with what `listings` has for the path; it enters `enters` and nothing else. */
function lister(listings: Readonly<Record<string, string>>, enters: readonly string[]) {
  return async (peer: ScriptedPeer): Promise<void> => {
    let data: Awaited<ReturnType<ScriptedPeer['listenForData']>> | undefined;
    for (;;) {
      const command = await peer.line();
      if (command === undefined) return;
      const [verb = '', ...rest] = command.replace('LIST -a', 'LIST').split(' ');
      const path = rest.join(' ');
      if (verb === 'QUIT') {
        await peer.say('221 bye\r\n');
        return;
      }
      if (verb === 'EPSV') {
        data = await peer.listenForData();
        await peer.say(`229 listening (|||${data.port}|)\r\n`);
      } else if (verb === 'LIST' && data !== undefined) {
        await peer.say('150 here it comes\r\n');
        await peer.send(data, listings[path] ?? '');
        await peer.say('226 done\r\n');
      } else if (verb === 'PWD') await peer.say('257 "/" is where you are\r\n');
      else await peer.say(enters.includes(path) ? '250 there\r\n' : '550 no such folder\r\n');
    }
  };
}

/** On a server whose listings have `.` and `..` in them, or have not. */
async function onServer(
  listings: Readonly<Record<string, string>>,
  work: (client: FtpsClient) => Promise<void>,
): Promise<void> {
  const script = lister(listings, ['/', '/empty', '/closed', '/twin']);
  await withScriptedClient({ script, features: ['EPSV'] }, work);
}

describe('the listing of a folder', () => {
  const itself = { '/': dots + folder('empty'), '/empty': dots };

  it('that the server calls complete and leaves out is no empty one', async () => {
    // As vsftpd has it: nothing at all, or what is around that folder and has a name like it.
    for (const text of [
      '',
      folder('closed'),
      line('lrwxrwxrwx', 'disclosed -> closed') + folder('closed'),
      folder('.'),
    ]) {
      await onServer({ ...itself, '/closed': text }, async (client) => {
        const error = await rejection(collect(client.list('/closed')));
        expect(error).to.be.instanceOf(IncompleteListingError).and.deep.include({ entries: [], unread: [] });
        expect((error as Error).message).to.include('did not list /closed');
        expect(await collect(client.list('/empty'))).to.deep.equal([]);
      });
    }
  });

  it('that is missing, or that is a file, is no empty one and has no file in it', async () => {
    for (const listings of [itself, { '/': folder('empty') }]) {
      await onServer({ ...listings, '/file': line('-rw-r--r--', 'file') }, async (client) => {
        for (const path of ['/missing', '/file']) {
          const error = await rejection(collect(client.list(path)));
          expect(error, path).to.be.instanceOf(ReplyError).and.have.nested.property('reply.code', 550);
        }
        expect(await client.exists('/missing/file')).to.equal(false);
      });
    }
  });

  it('without itself in it is taken for what it is where the server does that everywhere', async () => {
    await onServer({ '/': folder('twin'), '/twin': folder('twin') }, async (client) => {
      expect(await collect(client.list('/empty'))).to.deep.equal([]);
      expect(await collect(client.list('/twin'))).to.have.length(1);
    });
  });

  it('that a walk comes to and does not get is told, and nothing from elsewhere in its place', async () => {
    const listings = { '/': dots + folder('closed'), '/closed': folder('closed') };
    await onServer(listings, async (client) => {
      const failed: string[] = [];
      const walked = await collect(client.walk('/', { onError: (_, path) => failed.push(path) }));
      expect(walked.map(({ path }) => path)).to.deep.equal(['closed']);
      expect(failed).to.deep.equal(['closed']);
      expect(await rejection(collect(client.walk('/')))).to.be.instanceOf(IncompleteListingError);
    });
  });
});
