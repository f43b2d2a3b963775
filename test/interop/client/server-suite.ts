// What our client must do with every real server: a suite that is a function of the server.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AbortedError,
  FtpsClient,
  LoginError,
  NotResumedError,
  ReplyError,
  ServerMemory,
  TransferError,
  type TransferResult,
} from '@ftps-kit/ftps-client';
import { selectEngine, type TlsEngine } from '@ftps-kit/tls-core';
import { collect } from '../../support/collect.js';
import { engineConnecting } from '../../support/connecting-engine.js';
import { dialogueOf, unwaitedCommands } from '../../support/control-dialogue.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import {
  MANY_FILES,
  TLS_VERSIONS,
  clientOptions,
  knowingOptions,
  type RealServer,
  type RunningServer,
  type TlsVersion,
} from './real-server.js';
import { takesFewRoundTrips, takesFewerRoundTripsAtRest } from './round-trips.js';
import { serverOfSuite } from './suite-server.js';

/** Names that break what is careless about options, wildcards, quotes, formats, facts, home folders and encodings. */
const oddNames: readonly string[] = [
  ...['-rf', '*', '?', '[a]', '"a" b', "a'b", '%s%n', '$HOME', '`a`', 'a;b=c', '~', '~root', 'a -> b', '#a', '{a,b}'],
  ...[' a', 'a ', 'a  b', '...', '日本語', 'e\u0301', '\u00e9', '😀', '\u2028', '\ufeffa'],
];
const nestedName = 'Ordner mit Leerzeichen/größer als „klein“.bin';

/** The engine, but its data connections never present a ticket. */
function withoutTickets(): TlsEngine {
  return engineConnecting(selectEngine(), (connector, transport, options) => {
    const binding = options.role === 'data' ? connector.newBinding() : options.binding;
    return connector.connect(transport, { ...options, binding });
  });
}

/** Counts from now on what the server's log tells of resumed TLS sessions, and waits until that is as many as expected. */
function countingResumptions(server: RunningServer): (expected: number) => Promise<void> {
  const before = server.resumptions();
  // Where it does not tell, there is nothing to wait for.
  if (before === undefined) return () => Promise.resolve();
  const told = (): number => (server.resumptions() ?? 0) - before;
  return async (expected) => {
    for (let attempt = 0; attempt < 500 && told() !== expected; attempt++) await delay(20);
    expect(told(), 'resumed, by the log of the server').to.equal(expected);
  };
}

function isVerified(result: TransferResult, bytes: number): void {
  expect(result).to.include({ bytes, sizeBytes: bytes, attempts: 1, resumedAt: 0 });
  expect(result.verified.by).to.be.oneOf(['size', 'hash']);
}

export function realServerSuite(real: RealServer): void {
  describe(`our client and ${real.peer.name}`, () => {
    const running = serverOfSuite(real);
    for (const pin of TLS_VERSIONS) {
      describe(`under TLS ${pin}`, () => {
        transfersUnder(pin, real, running);
      });
    }

    describe('while a login with a wrong password is on its way', () => {
      let refusal: Promise<unknown>;

      // Some take their time over it, up to five seconds; the others must not mind.
      before(() => {
        const wrong = { ...clientOptions(running()), password: 'wrong' };
        refusal = rejection(FtpsClient.connect(wrong));
      });

      for (const pin of TLS_VERSIONS) {
        describe(`under TLS ${pin}`, () => {
          namesUnder(pin, real, running);
        });
      }
      onceSuffices(real, running);

      // In a suite of its own it comes behind the others.
      describe('at last', () => {
        it('is told that the password is wrong', async () => {
          expect(await refusal).to.be.instanceOf(LoginError);
        });
      });
    });

    if (real.roundTrips !== undefined) takesFewRoundTrips(real.roundTrips, running);
    if (real.preconnected !== undefined) takesFewerRoundTripsAtRest(real.preconnected, running);
  });
}

type Running = () => RunningServer;

function transfersUnder(pin: TlsVersion, real: RealServer, running: Running): void {
  const resumed = real.resumes[pin];
  const isBound = (result: TransferResult): void => {
    expect(result.handshake).to.include({ protocol: `TLSv${pin}`, resumed });
    expect(result.resumed).to.equal(resumed);
  };

  it('lists, downloads and uploads', async () => {
    const server = running();
    await withTemporaryFolder(async (folder) => {
      const content = randomBytes(3_000_001);
      await server.seed({ [nestedName]: content, 'hello.txt': 'hello', '.hidden': '' });
      const saysResumed = countingResumptions(server);
      // A first contact: nothing is known of the server yet.
      await using client = await FtpsClient.connect({ ...clientOptions(server, pin), memory: new ServerMemory() });
      expect(client.handshake).to.include({ protocol: `TLSv${pin}`, role: 'control' });

      const entries = await collect(client.list('/'));
      expect(
        entries.map(({ name, type, size }) => [name, type, type === 'file' ? size : undefined]).sort(),
      ).to.deep.equal([
        ['.hidden', 'file', 0],
        ['Ordner mit Leerzeichen', 'directory', undefined],
        ['hello.txt', 'file', 5],
      ]);
      if (real.machineListing) expect(entries[0]?.modifiedAt).to.be.instanceOf(Date);

      const path = join(folder, 'a');
      const down = await client.download(`/${nestedName}`, path);
      isBound(down);
      isVerified(down, content.length);
      expect((await readFile(path)).equals(content)).to.equal(true);

      const up = await client.upload(path, '/zurück — up.bin');
      isBound(up);
      isVerified(up, content.length);
      expect((await readFile(join(server.root, 'zurück — up.bin'))).equals(content)).to.equal(true);

      await client.close();
      await saysResumed(3);
    });
  });

  it('is sent EPSV and the command of a read in one flight, over and over, where it stands it', async function () {
    this.timeout(120_000);
    // ftp-srv looks every 50 ms whether a data connection has come.
    const count = real.losesCommands === true ? 20 : MANY_FILES;
    const server = running();
    await server.seed({ 'a.bin': 'what it is' });
    await using client = await FtpsClient.connect(clientOptions(server, pin));
    const dialogue = await dialogueOf(async () => {
      for (let file = 0; file < count; file++) {
        if (file % 10 === 0) expect(await collect(client.list('/'))).to.have.lengthOf(1);
        const sink = new PassThrough();
        const [result, got] = await Promise.all([client.download('/a.bin', sink, { verify: 'none' }), text(sink)]);
        expect([result.bytes, got]).to.deep.equal([10, 'what it is']);
      }
      expect(await rejection(client.download('/missing', new PassThrough()))).to.be.instanceOf(ReplyError);
      expect(await collect(client.list('/'))).to.have.lengthOf(1);
    });
    // What ftp-srv is sent depends on whether it has thrown anything away so far, which is a matter of chance.
    if (real.losesCommands === true) return;
    expect(unwaitedCommands(dialogue).filter((line) => line === 'RETR /a.bin')).to.have.lengthOf(count);
  });

  it('is told NOOP in the middle of a download, and whatever it answers, the download is whole', async function () {
    this.timeout(60_000);
    const server = running();
    const content = randomBytes(20_000_000);
    await server.seed({ 'a.bin': content });
    // That a server minds NOOP is remembered, and then there is none.
    const memory = new ServerMemory();
    const options = { ...knowingOptions(real, server, pin), transferKeepAliveMs: 50, memory };
    await using client = await FtpsClient.connect(options);
    const hash = createHash('sha256');
    const noop = new Promise<void>((resolve) => {
      client.on('command', ({ line }) => {
        if (line === 'NOOP') resolve();
      });
    });
    const sink = {
      // Nothing is taken before: the server is in the middle of it.
      write: async (chunk: Uint8Array) => {
        await noop;
        hash.update(chunk);
      },
      ...{ commit: () => Promise.resolve(), discard: () => Promise.resolve() },
    };
    const result = await client.download('/a.bin', sink, { verify: 'none' });
    expect(result.bytes).to.equal(content.length);
    expect(hash.digest('hex')).to.equal(createHash('sha256').update(content).digest('hex'));
    expect(await collect(client.list('/'))).to.have.lengthOf(1);
  });

  // Where no data connection resumes, the fiftieth proves no more than the fifth.
  const files = real.resumes[pin] ? 50 : 5;
  it(`moves ${files} files each way, one after another, on one control connection`, async function () {
    this.timeout(60_000);
    const server = running();
    const saysResumed = countingResumptions(server);
    await using client = await FtpsClient.connect(clientOptions(server, pin));
    for (let number = 0; number < files; number++) {
      const content = randomBytes(10_000 + number);
      isBound(await client.upload(content, `/${number}.bin`));
      const hash = createHash('sha256');
      isBound(await client.download(`/${number}.bin`, hash));
      expect(hash.digest('hex')).to.equal(createHash('sha256').update(content).digest('hex'));
    }
    await client.close();
    await saysResumed(2 * files);
  });
}

function namesUnder(pin: TlsVersion, { respells = {} }: RealServer, running: Running): void {
  it('makes, renames and removes', async () => {
    const server = running();
    await using client = await FtpsClient.connect(clientOptions(server, pin));
    await client.mkdir('/neu und schön');
    await client.upload(Buffer.from('hello'), '/neu und schön/a');
    await client.rename('/neu und schön/a', '/neu und schön/b c');
    expect(await client.size('/neu und schön/b c')).to.equal(5);
    await client.remove('/neu und schön/b c');
    await client.removeDirectory('/neu und schön');
    expect(await collect(client.list('/'))).to.deep.equal([]);
  });

  it('keeps names as they are, however odd', async () => {
    const server = running();
    await using client = await FtpsClient.connect(clientOptions(server, pin));
    const names = oddNames.filter((name) => !(name in respells));
    for (const name of names) await client.upload(Buffer.from(name), `/${name}`);
    const listed = (await collect(client.list('/'))).map((entry) => entry.name);
    expect(listed.sort()).to.deep.equal([...names].sort());
    for (const name of listed) {
      expect((await readFile(join(server.root, name))).toString()).to.equal(name);
      await client.rename(`/${name}`, `/${name}~`);
      await client.remove(`/${name}~`);
    }
    expect(await collect(client.list('/'))).to.deep.equal([]);
  });

  const respelled = oddNames.filter((name) => name in respells);
  if (respelled.length > 0) {
    it(`finds that the server makes other names of some: ${respelled.join(', ')}`, async () => {
      const server = running();
      await using client = await FtpsClient.connect(clientOptions(server, pin));
      for (const name of respelled) {
        await client.upload(Buffer.from(name), `/${name}`);
        const made = [respells[name]];
        expect(await readdir(server.root)).to.deep.equal(made);
        expect((await collect(client.list('/'))).map((entry) => entry.name)).to.deep.equal(made);
        await client.remove(`/${made.join('')}`);
      }
      expect(await readdir(server.root)).to.deep.equal([]);
    });
  }
}

/** What is the same whatever the bytes travel in. */
function onceSuffices(real: RealServer, running: Running): void {
  it('says what is wrong with a missing file and a missing folder, and goes on', async () => {
    const server = running();
    await withTemporaryFolder(async (folder) => {
      await using client = await FtpsClient.connect(clientOptions(server));
      for (const call of [
        client.download('/missing', join(folder, 'missing')),
        client.upload(Buffer.from('x'), '/no/such/folder/x'),
        client.size('/missing'),
      ]) {
        const error = await rejection(call);
        // A server that says 150 to an upload before it looks is believed: then bytes may have moved.
        expect(error instanceof TransferError ? error.cause : error).to.be.instanceOf(ReplyError);
      }
      await client.upload(Buffer.from('hello'), '/a');
      expect(await client.size('/a')).to.equal(5);
    });
  });

  it('aborts a download, and is in step again', async () => {
    const server = running();
    await server.seed({ 'big.bin': Buffer.alloc(40_000_000), small: 'hello' });
    await withTemporaryFolder(async (folder) => {
      await using client = await FtpsClient.connect(clientOptions(server));
      const controller = new AbortController();
      const error = await rejection(
        client.download('/big.bin', join(folder, 'big.bin'), {
          signal: controller.signal,
          onProgress: () => {
            controller.abort();
          },
        }),
      );
      expect(error).to.be.instanceOf(AbortedError);
      expect(await client.size('/small')).to.equal(5);
      expect(await client.download('/small', join(folder, 'small'))).to.include({ bytes: 5 });
    });
  });

  if (real.demands !== undefined) {
    const { reply, livesOn } = real.demands;
    it(`hears that a data connection must resume, and ${livesOn ? 'goes on' : 'that the server ends the login'}`, async () => {
      const server = running();
      await using client = await FtpsClient.connect({ ...clientOptions(server), engine: withoutTickets() });
      const error = await rejection(client.upload(Buffer.from('hello'), '/a'));
      expect(error).to.be.instanceOf(NotResumedError).and.include({ verdict: 'full-handshake' });
      expect(error).to.have.property('message').that.matches(reply);
      if (livesOn) expect((await client.raw('NOOP')).code).to.equal(200);
      else await rejection(client.raw('NOOP'));
      expect(client.isOpen).to.equal(livesOn);
    });
  }

  if (!real.resumes['1.3'] && real.resumes['1.2']) {
    it('is spoken to in TLS 1.2 where that is allowed, and then resumes', async () => {
      const server = running();
      const options = { ...clientOptions(server), tls: { ca: server.caPem }, onNotResumed: 'pin-1.2' } as const;
      await using client = await FtpsClient.connect({ ...options, memory: new ServerMemory() });
      expect(client.handshake).to.include({ protocol: 'TLSv1.3' });
      const result = await client.upload(Buffer.from('hello'), '/a');
      expect(result.handshake).to.include({ protocol: 'TLSv1.2', resumed: true });
      expect(await client.size('/a')).to.equal(5);
    });
  }

  if (!real.machineListing) {
    it('has its clock learned from one file, so that the times it lists are times', async () => {
      const server = running();
      await server.seed({ file: 'hello' });
      await using client = await FtpsClient.connect({ ...clientOptions(server), serverTimeZone: 'learn' });
      const [entry] = await collect(client.list('/'));
      const { mtimeMs } = await stat(join(server.root, 'file'));
      expect(entry?.modifiedAt?.getTime()).to.equal(Math.floor(mtimeMs / 60_000) * 60_000);
      expect(entry?.modifiedPrecision).to.equal('minute');
    });
  }

  if (real.hasImplicit) {
    it('speaks TLS from the first byte where it is implicit', async () => {
      await using server = await real.start({ implicit: true });
      await using client = await FtpsClient.connect(knowingOptions(real, server));
      const result = await client.upload(Buffer.from('hello'), '/a');
      isVerified(result, 5);
      expect(result.resumed).to.equal(real.resumes['1.3']);
    });
  }
}
