// A server that is killed in the middle of uploads: no file is wrong, and the next one clears what the dead one left.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { PASSWORD, USER, startServe } from '../support/ftps-command.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';

/** `FTPS_KILL_ROUNDS` sets how many servers are killed. */
const rounds = Number(process.env['FTPS_KILL_ROUNDS'] ?? 2);
const sizeBytes = 3_000_000;

describe('a server that is killed in the middle of uploads', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ftps-kit-killed-'));
    mkdirSync(join(root, 'd'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it(`${rounds} times, leaves each file whole, old or new, and nothing else once the next one was used`, async function () {
    this.timeout(20_000 + rounds * 10_000);
    const { server: certificate, caPem } = await testCertificates();
    const flags = ['--cert', certificate.certFile, '--key', certificate.keyFile];
    const old = Buffer.alloc(sizeBytes, 'old');
    const fresh = Buffer.alloc(sizeBytes, 'fresh');
    writeFileSync(join(root, 'd', 'half.bin'), old);
    for (let round = 0; round < rounds; round += 1) {
      writeFileSync(join(root, 'd', 'ending.bin'), old);
      await using server = await startServe(root, flags);
      const target = { host: '127.0.0.1', port: server.port, caPem, implicit: false, user: USER, password: PASSWORD };
      // The first login after the kill works at once, and its upload clears what was left.
      await using client = await RawFtpClient.loggedIn(target);
      expect((await client.upload('STOR d/cleared.txt', 'x')).code).to.equal(226);
      expect(readdirSync(join(root, 'd')).sort()).to.deep.equal(['cleared.txt', 'ending.bin', 'half.bin']);

      const half = await client.openData();
      await client.expect(150, 'STOR d/half.bin');
      await half.channel.write(fresh.subarray(0, sizeBytes / 2));
      // Once some of it is in the file there is something to be left behind.
      while (!/ [1-9]\d* bytes so far/.test(text(await client.expect(211, 'STAT'))));
      await using other = await RawFtpClient.loggedIn(target);
      const ending = await other.openData();
      await other.expect(150, 'STOR d/ending.bin');
      await ending.channel.write(fresh);
      await ending.channel.end();
      server.command.kill('SIGKILL');
      await server.command.ended;
      for (const { channel } of [half, ending]) channel.destroy();

      expect(readFileSync(join(root, 'd', 'half.bin')).equals(old), `half.bin, round ${round}`).to.equal(true);
      const ended = readFileSync(join(root, 'd', 'ending.bin'));
      expect(ended.equals(old) || ended.equals(fresh), `ending.bin, round ${round}`).to.equal(true);
    }
  });
});
