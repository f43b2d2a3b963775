// How much of a listing is taken, whose sender may mean to fill the memory of whoever asked for it.
import { expect } from 'chai';
import { LimitError } from '@ftps-kit/ftps-client';
import { MAX_LISTING_LINES } from '../../../../packages/ftps-client/src/limits.js';
import { parseMachineLine } from '../../../../packages/ftps-client/src/remote/list-entry.js';
import { readEntries } from '../../../../packages/ftps-client/src/remote/listed-entries.js';
import { ListingLines } from '../../../../packages/ftps-client/src/remote/listing-lines.js';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';

const lineOf = (text: string) => ({ bytes: Buffer.from(text), isDoubtful: false });

describe('a listing', () => {
  it('of more lines than can be kept is a LimitError, however short they are, and the client goes on', async () => {
    await withScriptedClient(
      {
        script: async (peer) => {
          const data = await peer.passive();
          await peer.on('MLSD', '150 here it comes');
          await peer.send(data, '\r\n'.repeat(MAX_LISTING_LINES + 1)).catch(() => undefined);
          await peer.abort('226 aborted');
          await peer.on('NOOP', '200 ok');
          await peer.on('QUIT', '221 bye');
        },
      },
      async (client) => {
        expect(await rejection(collect(client.list()))).to.be.instanceOf(LimitError);
        expect((await client.raw('NOOP')).code).to.equal(200);
      },
    );
  });

  it('of as many lines as can be kept is taken', () => {
    const lines = new ListingLines();
    lines.push(Buffer.from('\r\n'.repeat(MAX_LISTING_LINES)));
    expect(lines.finish()).to.deep.equal([]);
  });

  it('whose entries have too many facts is a LimitError', async () => {
    const lines = ['a=1;b=2; x', 'type=cdir;a=1;b=2; .', 'a=1; y'].map(lineOf);
    const limits = { encoding: 'utf-8', maxFacts: 3 } as const;
    expect((await readEntries(lines, parseMachineLine, limits)).entries).to.have.length(2);
    const more = [...lines, lineOf('a=1; z')];
    expect(await rejection(readEntries(more, parseMachineLine, limits))).to.be.instanceOf(LimitError);
  });
});
