import { once } from 'node:events';
import net from 'node:net';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import {
  ConfigError,
  ControlTickets,
  FtpsClient,
  FtpsPool,
  LoginError,
  ServerMemory,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { availableEngines, type ControlTicket } from '@ftps-kit/tls-core';
import { testCertificates } from '../../../support/certificates.js';
import { ownOptions } from '../../../support/own-client.js';
import { opensslEngine } from '../../../support/peers/openssl-engine.js';
import { requirePeer } from '../../../support/peers/peer.js';
import { rejection } from '../../../support/rejection.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { TestServer, type TestServerOptions } from '../../../support/test-server.js';
import { TlsServer } from '../../../support/tls-server.js';

/** Our server on the engine whose control connections resume at all. */
function start(options: TestServerOptions = {}): Promise<TestServer> {
  return TestServer.start({ engine: 'openssl', binding: 'require', ...options });
}

/** Logs in and out; whether that resumed. */
async function resumes(options: FtpsClientOptions): Promise<boolean | undefined> {
  await using client = await FtpsClient.connect(options);
  return client.handshake?.resumed;
}

/** Stands before a server on the same host, whose data connections go past it. */
class ControlRelay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: net.Server;
  readonly #sockets: net.Socket[] = [];

  private constructor(listener: net.Server, target: number) {
    this.#listener = listener;
    this.port = (listener.address() as net.AddressInfo).port;
    listener.on('connection', (near: net.Socket) => {
      const far = net.connect(target, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
      near.pipe(far).pipe(near);
      this.#sockets.push(near, far);
    });
  }

  static async start(target: number): Promise<ControlRelay> {
    const listener = net.createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new ControlRelay(listener, target);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}

/** Tickets whose first use hangs, as on a dead mount, until `answer`. */
class HeldTickets extends ControlTickets {
  readonly begun: string[] = [];
  answer: () => void = () => undefined;
  readonly #answered = new Promise<void>((resolve) => {
    this.answer = resolve;
  });

  override async take(key: string): Promise<ControlTicket | undefined> {
    this.begun.push('take');
    await this.#answered;
    return super.take(key);
  }

  override async keep(key: string, tickets: readonly ControlTicket[]): Promise<void> {
    this.begun.push('keep');
    await this.#answered;
    return super.keep(key, tickets);
  }
}

describe('a login that comes after another', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  for (const engine of availableEngines()) {
    for (const mode of ['explicit', 'implicit'] as const) {
      for (const versions of ['1.3', '1.2'] as const) {
        it(`resumes its control connection, and binds its own data connections (${mode}, TLS ${versions}, ${engine.name} engine)`, async () => {
          await using server = await start({ mode });
          const tls = { ca: server.caPem, versions };
          const options = { ...ownOptions(server), tls, engine, controlTickets: new ControlTickets() };
          expect(await resumes(options)).to.equal(false);
          for (let login = 0; login < 3; login++) {
            await using client = await FtpsClient.connect(options);
            expect(client.handshake).to.include({
              resumed: true,
              ticketSource: 'control',
              protocol: `TLSv${versions}`,
            });
            expect(client.handshake?.peerCertificates).to.not.be.empty;
            for (let file = 0; file < 4; file++) {
              expect(await client.upload(Buffer.from('hello'), '/a')).to.include({ resumed: true });
            }
          }
          expect(server.secured.map(({ handshake }) => handshake.resumed)).to.deep.equal([false, true, true, true]);
          expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(12).fill('bound'));
        });
      }
    }
  }

  it('shows a handshake in full where nobody asked for tickets to be kept', async () => {
    await using server = await start();
    const memory = new ServerMemory();
    for (let login = 0; login < 2; login++) expect(await resumes({ ...ownOptions(server), memory })).to.equal(false);
  });

  it('resumes also where it is the same client that connects anew', async () => {
    await using server = await start();
    await using relay = await ControlRelay.start(server.port);
    const options = { ...ownOptions(server), port: relay.port, reconnect: true, controlTickets: new ControlTickets() };
    await using client = await FtpsClient.connect(options);
    expect(client.handshake?.resumed).to.equal(false);
    const lost = once(client, 'close');
    relay.cut();
    await lost;
    expect(await client.upload(Buffer.from('hello'), '/a')).to.include({ resumed: true });
    expect(client.handshake?.resumed).to.equal(true);
  });

  it('finds a ticket of its own in a pool, which leaves as many as it had logins', async () => {
    await using server = await start();
    const options = { ...ownOptions(server), controlTickets: new ControlTickets() };
    for (const expected of [false, true, true]) {
      await using pool = new FtpsPool(options, { size: 3 });
      const [first, second, third] = [1, 2, 3].map(() => {
        let arrive: () => void = () => undefined;
        const arrived = new Promise<void>((resolve) => (arrive = resolve));
        return { arrive, arrived };
      });
      const all = Promise.all([first?.arrived, second?.arrived, third?.arrived]);
      const seen = await Promise.all(
        [first, second, third].map((turn, number) =>
          pool.run(async (client) => {
            turn?.arrive();
            await all;
            return (await client.upload(Buffer.from('hello'), `/${number}`)).resumed && client.handshake?.resumed;
          }),
        ),
      );
      expect(seen).to.deep.equal([expected, expected, expected]);
    }
  });

  it('does a full handshake, and no harm, where the server was started anew', async () => {
    const controlTickets = new ControlTickets();
    const first = await start();
    const options = { ...ownOptions(first), controlTickets };
    expect(await resumes(options)).to.equal(false);
    await first[Symbol.asyncDispose]();
    await using second = await start({ listen: { host: '127.0.0.1', port: first.port } });
    expect(await resumes(options)).to.equal(false);
    expect(await resumes(options)).to.equal(true);
    expect(second.secured).to.have.length(2);
  });

  it('is never given a ticket of another port, mode or policy', async () => {
    await using here = await start();
    await using there = await start();
    await using implicit = await start({ mode: 'implicit' });
    const controlTickets = new ControlTickets();
    const options = { ...ownOptions(here), controlTickets };
    expect(await resumes(options)).to.equal(false);
    for (const others of [
      ownOptions(there),
      ownOptions(implicit),
      { ...ownOptions(here), tls: { ca: here.caPem, versions: '1.3' as const } },
      { ...ownOptions(here), tls: { dangerouslyAcceptAnyCertificate: true } },
    ]) {
      expect(await resumes({ ...others, controlTickets })).to.equal(false);
    }
    expect(await resumes(options)).to.equal(true);
  });

  it('spends the ticket that it presents, also where it fails later on', async () => {
    await using server = await start();
    await withTemporaryFolder(async (folder) => {
      const options = { ...ownOptions(server), controlTickets: new ControlTickets({ folder }) };
      await resumes(options);
      const { length } = await readdir(folder);
      expect(length).to.be.above(0);
      const wrong = { ...options, password: 'wrong' };
      expect(await rejection(FtpsClient.connect(wrong))).to.be.instanceOf(LoginError);
      expect(await readdir(folder)).to.have.length(length - 1);
    });
  });

  it('takes no ticket before the server is there and ready for TLS', async () => {
    const server = await start();
    await withTemporaryFolder(async (folder) => {
      const options = { ...ownOptions(server), controlTickets: new ControlTickets({ folder }) };
      await resumes(options);
      const kept = await readdir(folder);
      await server[Symbol.asyncDispose]();
      await rejection(FtpsClient.connect(options));
      expect(await readdir(folder)).to.deep.equal(kept);
    });
  });

  it('connects all the same where the folder of tickets cannot be used', async () => {
    await using server = await start();
    await withTemporaryFolder(async (parent) => {
      const folder = join(parent, 'open to all');
      await mkdir(folder, { mode: 0o755 });
      const options = { ...ownOptions(server), controlTickets: new ControlTickets({ folder }) };
      for (let login = 0; login < 2; login++) expect(await resumes(options)).to.equal(false);
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  it('connects, connects anew and closes all the same where what keeps the tickets hangs, and uses it again when it answers', async () => {
    await using server = await start();
    await using relay = await ControlRelay.start(server.port);
    const controlTickets = new HeldTickets();
    const timeouts = { closeMs: 200 };
    const options = { ...ownOptions(server), port: relay.port, reconnect: true, timeouts, controlTickets };
    const warnings: string[] = [];
    const listen = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', listen);
    try {
      const client = await FtpsClient.connect(options);
      expect(client.handshake?.resumed).to.equal(false);
      const lost = once(client, 'close');
      relay.cut();
      await lost;
      expect(await client.pwd()).to.equal('/');
      await client.close();
    } finally {
      process.off('warning', listen);
    }
    expect(controlTickets.begun).to.deep.equal(['take']);
    expect(warnings.filter((message) => message.includes('in time'))).to.have.lengthOf(1);
    controlTickets.answer();
    await setImmediate();
    expect(await resumes(options)).to.equal(false);
    expect(await resumes(options)).to.equal(true);
    expect(controlTickets.begun).to.deep.equal(['take', 'take', 'keep', 'take', 'keep']);
  });

  it('has one look at a time at what keeps the tickets, however many logins a pool opens at once', async () => {
    await using server = await start();
    const controlTickets = new HeldTickets();
    await using pool = new FtpsPool({ ...ownOptions(server), controlTickets }, { size: 4 });
    const seen = await Promise.all(
      [1, 2, 3, 4].map((number) => pool.run((client) => client.upload(Buffer.from('hello'), `/${number}`))),
    );
    expect(seen).to.have.lengthOf(4);
    expect(controlTickets.begun).to.deep.equal(['take']);
    controlTickets.answer();
  });

  it('is made again, in full, on a server that gives no new ticket to who resumes; and no more are presented there', async () => {
    const { server: identity, caPem } = await testCertificates();
    const replies: Readonly<Record<string, string>> = { USER: '331 password', PASS: '230 in', FEAT: '211 none' };
    await using server = await TlsServer.start(identity, (line) => replies[line.split(' ')[0] ?? ''] ?? '200 ok');
    const options: FtpsClientOptions = {
      ...{ host: '127.0.0.1', port: server.port, mode: 'implicit', user: 'alice', password: 'secret' },
      tls: { ca: caPem, versions: '1.3' },
      controlTickets: new ControlTickets(),
      memory: new ServerMemory(),
    };
    for (let login = 0; login < 3; login++) expect(await resumes(options)).to.equal(false);
    expect(server.resumed).to.deep.equal([false, true, false, false]);
  });

  it('is refused where the tickets are something else', async () => {
    const wrong = { host: 'localhost', controlTickets: { folder: 'tickets' } } as unknown as FtpsClientOptions;
    expect(await rejection(FtpsClient.connect(wrong))).to.be.instanceOf(ConfigError);
  });
});
