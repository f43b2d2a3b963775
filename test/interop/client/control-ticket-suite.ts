// Logins that resume the control connection of an earlier one: what real servers make of that, and of the data connections after it.
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ControlTickets, FtpsClient } from '@ftps-kit/ftps-client';
import { availableEngines } from '@ftps-kit/tls-core';
import { requirePeer } from '../../support/peers/peer.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { clientOptions, type RealServer } from './real-server.js';

/** Which logins resume, by what the server issues; each moves files. */
export type Returning =
  /** New tickets come with every login. */
  | 'each'
  /** Who resumes gets one ticket only, and data connections need that; so the login after it has none. */
  | 'every other'
  | 'none';

const expected: Readonly<Record<Returning, readonly boolean[]>> = {
  each: [false, true, true, true],
  'every other': [false, true, false, true],
  none: [false, false, false, false],
};

export function controlTicketSuite(real: RealServer, returning: Readonly<Record<'1.2' | '1.3', Returning>>): void {
  describe(`logins that follow each other, of our client and ${real.peer.name}`, () => {
    before(function () {
      requirePeer(this, real.peer);
    });
    for (const engine of availableEngines()) {
      for (const pin of ['1.3', '1.2'] as const) {
        const how = returning[pin];
        it(`resume: ${how} (TLS ${pin}, ${engine.name} engine), and their data connections are bound as ever`, async () => {
          await using server = await real.start({});
          const content = randomBytes(10_000);
          await server.seed({ a: content });
          await withTemporaryFolder(async (folder) => {
            for (const [login, resumes] of expected[how].entries()) {
              // As another process would: all that it knows is in the folder.
              const controlTickets = new ControlTickets({ folder: join(folder, 'tickets') });
              const options = { ...clientOptions(server, pin), controlTickets, engine };
              await using client = await FtpsClient.connect(options);
              expect(client.handshake?.resumed, `login ${login}`).to.equal(resumes);
              for (let file = 0; file < 3; file++) {
                const up = await client.upload(content, '/b');
                const hash = createHash('sha256');
                const down = await client.download('/a', hash);
                expect(hash.digest('hex')).to.equal(createHash('sha256').update(content).digest('hex'));
                expect([up.resumed, down.resumed]).to.deep.equal([real.resumes[pin], real.resumes[pin]]);
              }
            }
            const left = await readdir(join(folder, 'tickets')).catch(() => []);
            expect(left.length).to.be.at.most(8);
          });
        });
      }
    }
  });
}
