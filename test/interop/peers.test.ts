// The real peers against each other: what is known of them is asserted here, so that a failure elsewhere is ours.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { curl } from '../support/peers/curl.js';
import { ftpSrv, startFtpSrv } from '../support/peers/ftp-srv.js';
import type { TlsVersion } from '../support/peers/ftp-target.js';
import { gnutlsCli } from '../support/peers/gnutls-cli.js';
import { lftp } from '../support/peers/lftp.js';
import { openssl } from '../support/peers/openssl.js';
import { requirePeer, type Peer } from '../support/peers/peer.js';
import type { PeerServer, PeerServerOptions } from '../support/peers/peer-server.js';
import { proftpd, startProftpd } from '../support/peers/proftpd.js';
import { pureFtpd, startPureFtpd } from '../support/peers/pure-ftpd.js';
import { pythonFtplib } from '../support/peers/python-ftplib.js';
import { rclone } from '../support/peers/rclone.js';
import { startVsftpd, vsftpd } from '../support/peers/vsftpd.js';
import { wget } from '../support/peers/wget.js';
import { answers } from '../support/ports.js';

const small = 'a small file\n';
const large = Buffer.alloc(300_000, 'ftps');

interface Launcher {
  readonly peer: Peer;
  readonly start: (options: Pick<PeerServerOptions, 'tlsVersions'>) => Promise<PeerServer>;
}

const launchers: readonly Launcher[] = [
  { peer: vsftpd, start: startVsftpd },
  { peer: proftpd, start: startProftpd },
  { peer: pureFtpd, start: startPureFtpd },
  // Under load its AUTH TLS loses the race with the client's first message, so it is asked for TLS from the start.
  { peer: ftpSrv, start: (options) => startFtpSrv({ ...options, implicit: true }) },
];
const demanding = launchers.filter(({ peer }) => peer === vsftpd || peer === proftpd);

async function seeded(starting: Promise<PeerServer>): Promise<PeerServer> {
  const server = await starting;
  await server.seed({ 'small.txt': small, 'folder/large.bin': large });
  return server;
}

describe('real peers among themselves', () => {
  let local: string;

  before(async () => {
    local = await mkdtemp(join(tmpdir(), 'ftps-kit-peers-test-'));
  });

  after(async () => {
    await rm(local, { recursive: true });
  });

  for (const { peer, start } of launchers) {
    it(`curl lists and downloads from ${peer.name}, which is gone after stop()`, async function () {
      requirePeer(this, peer, curl);
      const server = await seeded(start({}));

      const listed = await curl.run(server, ['-l', curl.url(server)]);
      const fetched = await curl.run(server, [curl.url(server, 'folder/large.bin'), '-o', 'got'], { cwd: local });
      await server.stop();

      expect(listed.code, listed.stderr).to.equal(0);
      expect(listed.stdout.split(/\r?\n/)).to.include.members(['small.txt', 'folder']);
      expect(fetched.code, fetched.stderr).to.equal(0);
      expect(await readFile(join(local, 'got'))).to.deep.equal(large);
      expect(await answers(server.port)).to.be.false;
    });
  }

  for (const { peer, start } of demanding) {
    for (const version of ['1.2', '1.3'] satisfies TlsVersion[]) {
      describe(`${peer.name} pinned to TLS ${version}`, () => {
        let server: PeerServer;

        before(async function () {
          requirePeer(this, peer);
          server = await seeded(start({ tlsVersions: version }));
        });

        after(async () => {
          // It was not started when its peer is missing.
          await (server as PeerServer | undefined)?.stop();
        });

        /** How many more resumptions the server speaks of once a client has ended. */
        async function resumedDuring(work: () => Promise<unknown>): Promise<number> {
          const before = server.resumptions() ?? 0;
          await work();
          return (server.resumptions() ?? 0) - before;
        }

        it('refuses stock Python ftplib, whose data connections do not resume', async function () {
          requirePeer(this, pythonFtplib);
          const { lines } = await pythonFtplib.run(server, [['retr', 'small.txt']], { mode: 'stock' });

          const step = lines.find((line) => line.step === 'retr');
          expect(step?.message).to.match(peer === vsftpd ? /^522 / : /^425 /);
          expect(step?.sessionReused).to.be.false;
          expect(step?.version).to.equal(`TLSv${version}`);
          expect(lines.find((line) => line.step === 'pwd')?.ok).to.equal(peer !== vsftpd);
        });

        it('serves Python ftplib with session=, and both say that every data connection resumed', async function () {
          requirePeer(this, pythonFtplib);
          const steps = [['nlst'], ['list'], ['stor', 'up.bin', 70_000], ['retr', 'up.bin']] as const;
          let output: Awaited<ReturnType<typeof pythonFtplib.run>> | undefined;
          const resumed = await resumedDuring(async () => {
            output = await pythonFtplib.run(server, steps, { mode: 'session' });
          });

          expect(output?.code, output?.stdout).to.equal(0);
          expect(output && pythonFtplib.resumptions(output)).to.equal(4);
          expect(resumed).to.equal(4);
          const [sent, got] = output?.lines.filter((line) => line.sha256 !== undefined) ?? [];
          expect(got?.sha256).to.equal(sent?.sha256);
        });

        it('serves lftp, and both say that every data connection resumed', async function () {
          requirePeer(this, lftp);
          let output: Awaited<ReturnType<typeof lftp.run>> | undefined;
          const resumed = await resumedDuring(async () => {
            output = await lftp.run(server, ['get small.txt', 'get folder/large.bin']);
          });

          expect(output?.code, output?.stderr.slice(-2_000)).to.equal(0);
          expect(output && lftp.resumptions(output)).to.equal(2);
          expect(resumed).to.equal(2);
        });

        it('serves wget, and both say that the data connection resumed', async function () {
          requirePeer(this, wget);
          let output: Awaited<ReturnType<typeof wget.run>> | undefined;
          const resumed = await resumedDuring(async () => {
            output = await wget.run(server, [wget.url(server, 'small.txt'), '-O', 'wgot'], { cwd: local });
          });

          expect(output?.code, output?.stderr.slice(-2_000)).to.equal(0);
          expect(output && wget.resumptions(output)).to.equal(1);
          expect(resumed).to.equal(1);
          expect(await readFile(join(local, 'wgot'), 'utf8')).to.equal(small);
        });

        it(`is verified by s_client, and gives ${version === '1.3' ? 'two tickets' : 'no TLS 1.3 ticket'}`, async function () {
          requirePeer(this, openssl);
          const output = await openssl.run(server);
          expect(output.stdout).to.match(/Verif(y return code: 0|ication: OK)/);
          expect(output.stdout).to.match(new RegExp(`New, TLSv${version}`));
          expect(openssl.tickets(output)).to.equal(version === '1.3' ? 2 : 0);
        });
      });
    }
  }

  it('vsftpd resumes a second login of gnutls-cli, which says so', async function () {
    requirePeer(this, vsftpd, gnutlsCli);
    await using server = await startVsftpd();
    const output = await gnutlsCli.run(server, ['--resume', '--waitresumption']);
    expect(gnutlsCli.resumptions(output), output.stdout).to.equal(1);
  });

  it('Pure-FTPd gives no ticket under TLS 1.3, so ftplib with session= does not resume', async function () {
    requirePeer(this, pureFtpd, pythonFtplib, openssl);
    await using server = await seeded(startPureFtpd({ tlsVersions: '1.3' }));
    const output = await pythonFtplib.run(server, [['retr', 'small.txt']], { mode: 'session' });
    expect(output.code, output.stdout).to.equal(0);
    expect(pythonFtplib.resumptions(output)).to.equal(0);
    expect(openssl.tickets(await openssl.run(server))).to.equal(0);
  });

  it('rclone copies from Pure-FTPd with several connections', async function () {
    requirePeer(this, pureFtpd, rclone);
    await using server = await seeded(startPureFtpd());
    const output = await rclone.run(server, ['copy', rclone.remote('folder'), 'copied'], { cwd: local });
    expect(output.code, output.stderr).to.equal(0);
    expect(await readFile(join(local, 'copied/large.bin'))).to.deep.equal(large);
  });

  for (const { peer, start } of [
    { peer: vsftpd, start: startVsftpd },
    { peer: proftpd, start: startProftpd },
  ]) {
    it(`curl downloads from ${peer.name} under implicit TLS`, async function () {
      requirePeer(this, peer, curl);
      await using server = await seeded(start({ implicit: true }));
      const output = await curl.run(server, [curl.url(server, 'small.txt')]);
      expect(output.code, output.stderr).to.equal(0);
      expect(output.stdout).to.equal(small);
    });
  }

  for (const { peer, start } of [
    { peer: vsftpd, start: startVsftpd },
    { peer: proftpd, start: startProftpd },
  ]) {
    it(`${peer.name} serves stock Python ftplib when it is told not to demand resumption`, async function () {
      requirePeer(this, peer, pythonFtplib);
      await using server = await seeded(start({ requireReuse: false }));
      const output = await pythonFtplib.run(server, [['retr', 'small.txt']], { mode: 'stock' });
      expect(output.code, output.stdout).to.equal(0);
    });
  }
});
