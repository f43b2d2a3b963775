// A real server that is full: ProFTPD says 530 behind a right password, where others say 421.
import type net from 'node:net';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient, FtpsPool, LoginError, type AttemptEvent } from '@ftps-kit/ftps-client';
import { SocketChannel, selectEngine } from '@ftps-kit/tls-core';
import { engineConnecting } from '../../support/connecting-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { clientOptions } from './real-server.js';

describe('our client and a ProFTPD that is full', () => {
  before(function () {
    requirePeer(this, proftpd);
  });

  for (const bound of ['MaxClients', 'MaxClientsPerHost', 'MaxClientsPerUser', 'MaxConnectionsPerHost']) {
    it(`goes on with the logins that ${bound} leaves to a pool, and says so`, async function () {
      this.timeout(60_000);
      await using server = await startProftpd({ directives: [`${bound} 2`] });
      await using pool = new FtpsPool(clientOptions(server), { size: 5 });
      const shrinks: number[] = [];
      const full = new Promise<Error>((resolve) => {
        pool.on('shrink', ({ limit, error }) => {
          shrinks.push(limit);
          resolve(error);
        });
      });
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, number) => pool.upload(Buffer.from('x'), `/${number}`)),
      );
      expect(results).to.have.lengthOf(20);
      expect(await full)
        .to.have.property('message')
        .that.matches(/530 .*maximum number/);
      expect(pool.metrics).to.include({ limit: 2 });
      expect(shrinks.at(-1)).to.equal(2);
    });
  }

  it('is told that there is no room, and that it may come again; a wrong password is still a wrong password', async () => {
    await using server = await startProftpd({ directives: ['MaxClientsPerHost 1'] });
    await using client = await FtpsClient.connect(clientOptions(server));
    const refused = await rejection(FtpsClient.connect(clientOptions(server)));
    expect(refused)
      .to.be.instanceOf(LoginError)
      .and.include({ retryable: true })
      .and.have.property('message')
      .that.includes('no room');
    const wrong = await rejection(FtpsClient.connect({ ...clientOptions(server), password: 'wrong' }));
    expect(wrong).to.be.instanceOf(LoginError).and.include({ retryable: false });
    expect(client.isOpen).to.equal(true);
  });

  it('finishes a download whose login was lost, and whose place somebody else took for a while', async function () {
    this.timeout(60_000);
    await using server = await startProftpd({ directives: ['MaxClients 1'] });
    const content = randomBytes(8_000_000);
    await server.seed({ 'a.bin': content });
    const control: net.Socket[] = [];
    const engine = engineConnecting(selectEngine(), (connector, transport, options) => {
      if (options.role !== 'control') return connector.connect(transport, options);
      const socket = transport.takeSocket();
      control.push(socket);
      return connector.connect(new SocketChannel(socket), options);
    });
    await withTemporaryFolder(async (folder) => {
      await using client = await FtpsClient.connect({ ...clientOptions(server), engine });
      let intruder: FtpsClient | undefined;
      const failed: Error[] = [];
      const result = await client.download('/a.bin', join(folder, 'a.bin'), {
        retry: {
          attempts: 50,
          wait: async () => {
            // First the place is taken, as soon as the lost login is gone; once we were refused, it is given back.
            if (failed.some((error) => error instanceof LoginError)) {
              await intruder?.close();
              return;
            }
            while (intruder === undefined) {
              intruder = await FtpsClient.connect(clientOptions(server)).catch(() => undefined);
            }
          },
        },
        onProgress: ({ bytes }) => {
          if (bytes > 0) control[0]?.destroy();
        },
        onAttempt: (event: AttemptEvent) => {
          if (event.state === 'failed') failed.push(event.error);
        },
      });
      expect(result.sizeBytes).to.equal(content.length);
      expect((await readFile(join(folder, 'a.bin'))).equals(content)).to.equal(true);
      expect(failed.slice(1).map((error) => error instanceof LoginError)).to.include(true);
    });
  });
});
