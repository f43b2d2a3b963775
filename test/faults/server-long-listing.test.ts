// A directory of a hundred thousand entries, on a disk and over TLS: it goes out while it is read, and is never held as a whole.
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { WeighedServer } from '../support/weighed-server.js';

const ENTRIES = Number(process.env['FTPS_LISTING_ENTRIES'] ?? 20_000);

/** A file of ext4 has no more than 65,000 names. */
const NAMES_A_FILE = 10_000;

/** Garbage of a collector, and what is on its way. */
const NOISE_BYTES = 1.5 * 1024 * 1024;

/** Where the name stands in a line: behind the facts of MLSD, behind the eight columns of LIST. */
const listings = {
  MLSD: /^\S+ (.*)$/,
  LIST: /^(?:\S+ +){8}(.*)$/,
} as const;

describe(`a directory of ${ENTRIES} entries`, function () {
  this.timeout(60_000 + ENTRIES * 2);
  let server: WeighedServer;
  const names: string[] = [];

  before(async () => {
    server = await WeighedServer.start();
    const folder = join(server.target.root, 'long');
    mkdirSync(folder);
    let file = '';
    for (let n = 0; n < ENTRIES; n += 1) {
      const name = `entry-${String(n).padStart(6, '0')}.bin`;
      const path = join(folder, name);
      if (n % NAMES_A_FILE === 0) writeFileSync((file = path), '');
      else linkSync(file, path);
      names.push(name);
    }
  });

  after(() => server[Symbol.asyncDispose]());

  for (const [verb, line] of Object.entries(listings)) {
    it(`is listed by ${verb} from before it was read to its end, whole, and never held as a whole`, async () => {
      await using client = await RawFtpClient.loggedIn(server.target);
      await server.watchListing(ENTRIES);
      const { channel } = await client.openData();
      await client.expect(150, `${verb} long`);
      const first = Buffer.alloc(4096);
      const count = await channel.read(first);
      expect(count).to.be.above(0);
      // It waits half way until it is told to go on: who reads it whole before the first byte never sends one.
      expect((await server.listing()).ended).to.equal(false);
      await server.goOn();
      const rest = await readAll(channel);
      await channel.end();
      expect((await client.reply()).code).to.equal(226);
      channel.destroy();
      const text = Buffer.concat([first.subarray(0, count), rest]).toString();
      const lines = text.split('\r\n').slice(0, -1);
      expect(lines.map((one) => line.exec(one)?.[1]).sort()).to.deep.equal(names);
      const { ended, growthBytes } = await server.listing();
      expect(ended).to.equal(true);
      expect(growthBytes, `of ${text.length} bytes`).to.be.below(text.length / 4 + NOISE_BYTES);
    });
  }
});
