// Transfers that are cut at every tenth of a file, and go on: what real servers keep, and where they go on.
import { randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient, ReplyError, TransferError, type TransferResult } from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { engineWithCuts, type Cut } from '../../support/cutting-relay.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TLS_VERSIONS, clientOptions, type RealServer, type RunningServer, type TlsVersion } from './real-server.js';
import { serverOfSuite } from './suite-server.js';

const sizeBytes = 300_000;
const tenthBytes = sizeBytes / 10;
const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** What of a download may have come and be lost all the same: part of a TLS record, and what the handshake takes. */
const lostBytes = 16_384 + 6_000;
const retry = { attempts: 4, firstDelayMs: 20, maxDelayMs: 100 };

/** A client whose next data connection is cut as the test says. */
interface Cutting {
  readonly client: FtpsClient;
  readonly cutNext: (cut: Cut) => void;
}

async function connectCutting(real: RealServer, server: RunningServer, pin: TlsVersion): Promise<Cutting> {
  let next: Cut | undefined;
  const engine = engineWithCuts(selectEngine(), () => {
    const cut = next;
    next = undefined;
    return cut;
  });
  const timeouts = { replyMs: real.isSilentAfterCuts === true ? 700 : 4_000, stallMs: 10_000, tlsMs: 10_000 };
  const client = await FtpsClient.connect({ ...clientOptions(server, pin), engine, timeouts, reconnect: true });
  return {
    client,
    cutNext: (cut) => {
      next = cut;
    },
  };
}

/** By turns, so that both ways of being cut are met in both directions. */
function how(tenth: number): Cut['how'] {
  return tenth % 2 === 0 ? 'fin' : 'reset';
}

function isWhole(result: TransferResult): void {
  expect(result).to.include({ sizeBytes });
  expect(result.attempts).to.be.within(2, retry.attempts);
  expect(result.verified.by).to.be.oneOf(['size', 'hash']);
}

export function resumeSuite(real: RealServer): void {
  describe(`transfers cut between our client and ${real.peer.name}`, function () {
    this.timeout(60_000);
    // A cut may cost the login, and where the new one's ClientHello can be lost, that has nothing to do with the cut.
    const running = serverOfSuite(real, { implicit: real.losesClientHello === true });
    for (const pin of TLS_VERSIONS) cutUnder(real, pin, running);
  });
}

function cutUnder(real: RealServer, pin: TlsVersion, running: () => RunningServer): void {
  describe(`under TLS ${pin}`, () => {
    const content = randomBytes(sizeBytes);
    let server: RunningServer;
    let client: FtpsClient;
    let cutNext: Cutting['cutNext'];

    before(async () => {
      server = running();
      ({ client, cutNext } = await connectCutting(real, server, pin));
    });

    beforeEach(() => server.seed({ a: content }));

    after(() => client.close());

    it('goes on with a download after a cut at every tenth', async () => {
      const offsets: number[] = [];
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        for (const tenth of tenths) {
          cutNext({ direction: 'to client', afterBytes: tenth * tenthBytes, how: how(tenth) });
          const result = await client.download('/a', path, { retry });
          isWhole(result);
          offsets.push(result.resumedAt);
          expect((await readFile(path)).equals(content), `cut at ${tenth} tenths`).to.equal(true);
          expect(await readdir(folder)).to.deep.equal(['a']);
        }
      });
      for (const [index, offset] of offsets.entries()) {
        const cutAt = (index + 1) * tenthBytes;
        expect(offset, `cut at ${cutAt}, gone on at ${offsets.join()}`).to.be.within(cutAt - lostBytes, cutAt);
      }
    });

    it('goes on with a download in a later call', async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        cutNext({ direction: 'to client', afterBytes: 150_000, how: 'fin' });
        expect(await rejection(client.download('/a', path, { resume: true }))).to.be.instanceOf(TransferError);
        expect(await readdir(folder)).to.have.length(1);
        const result = await client.download('/a', path, { resume: true });
        expect(result.resumedAt).to.be.within(1, 150_000);
        expect(result.prefix).to.be.oneOf(['unchanged', 'hash']);
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });

    it('leaves no offset behind where a file to go on with is gone', async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'b');
        await writeFile(path, content.subarray(0, 1_000));
        const gone = client.download('/gone', path, { resume: 'in-place' });
        expect(await rejection(gone))
          .to.be.instanceOf(ReplyError)
          .with.property('verb', 'RETR');
        expect((await readFile(path)).equals(content.subarray(0, 1_000))).to.equal(true);
        await client.download('/a', path, { verify: 'none' });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });

    it('goes on with an upload after a cut at every tenth', async () => {
      const offsets: number[] = [];
      for (const tenth of tenths) {
        cutNext({ direction: 'to server', afterBytes: tenth * tenthBytes, how: how(tenth) });
        const result = await client.upload(content, `/${tenth}`, { retry });
        isWhole(result);
        offsets.push(result.resumedAt);
        expect((await readFile(join(server.root, String(tenth)))).equals(content), `cut at ${tenth} tenths`).to.equal(
          true,
        );
      }
      for (const [index, offset] of offsets.entries()) {
        const [tenth, told] = [index + 1, `gone on at ${offsets.join()}`];
        if (!real.keepsBrokenUploads) expect(offset, told).to.equal(0);
        // What lies unread at the server when it is reset is lost, and that may be all.
        else expect(offset, told).to.be.within(how(tenth) === 'fin' ? 1 : 0, tenth * tenthBytes);
      }
    });

    it('goes on with an atomic upload in a later call', async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'source');
        await writeFile(path, content);
        const options = { atomic: true, resume: true };
        cutNext({ direction: 'to server', afterBytes: 150_000, how: 'fin' });
        expect(await rejection(client.upload(path, '/later', options))).to.be.instanceOf(TransferError);
        expect(await readdir(server.root)).to.not.include('later');
        const result = await client.upload(path, '/later', options);
        expect(result.resumedAt).to.be.within(real.keepsBrokenUploads ? 1 : 0, real.keepsBrokenUploads ? 150_000 : 0);
        expect((await readFile(join(server.root, 'later'))).equals(content)).to.equal(true);
        expect((await readdir(server.root)).filter((name) => name.includes('later'))).to.deep.equal(['later']);
      });
    });

    it('goes on with an atomic upload, and leaves nothing but the file', async () => {
      for (const tenth of [3, 8]) {
        cutNext({ direction: 'to server', afterBytes: tenth * tenthBytes, how: how(tenth) });
        isWhole(await client.upload(content, '/a', { retry, atomic: true }));
        expect((await readFile(join(server.root, 'a'))).equals(content)).to.equal(true);
        expect((await readdir(server.root)).filter((name) => !/^[a0-9]$/.test(name))).to.deep.equal([]);
      }
    });
  });
}
