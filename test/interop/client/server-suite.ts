// What our client must do with every real server: a suite that is a function of the server.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AbortedError,
  FtpsClient,
  HandshakeError,
  LoginError,
  NotResumedError,
  ReplyError,
  ServerMemory,
  TransferError,
  type FtpsClientOptions,
  type TransferResult,
} from '@ftps-kit/ftps-client';
import { selectEngine, type TlsEngine } from '@ftps-kit/tls-core';
import { engineConnecting } from '../../support/connecting-engine.js';
import { collect } from '../../support/collect.js';
import { dialogueOf, unwaitedCommands } from '../../support/control-dialogue.js';
import { layLongWire } from '../../support/long-wire.js';
import { requirePeer, type Peer } from '../../support/peers/peer.js';
import type { PeerServer } from '../../support/peers/peer-server.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

/** What the suite needs of a running server. */
export type RunningServer = AsyncDisposable &
  Pick<PeerServer, 'host' | 'port' | 'user' | 'password' | 'implicit' | 'caPem' | 'root' | 'seed' | 'resumptions'>;

export interface RealServer {
  readonly peer: Peer;
  start(options: { readonly implicit?: boolean }): Promise<RunningServer>;
  /** Whether its data connections resume, by version. */
  readonly resumes: Readonly<Record<'1.2' | '1.3', boolean>>;
  /** What it answers to a data connection that did not resume, where it demands that. */
  readonly demands?: { readonly reply: RegExp; readonly livesOn: boolean };
  readonly hasImplicit: boolean;
  /**
   * Whether the server sometimes takes a ClientHello for a command: it says 234 first, and looks for TLS a moment later.
   */
  readonly losesClientHello?: boolean;
  /** Whether it does several commands at once, where they come apart, and answers first what it is done with first. */
  readonly answersOutOfOrder?: boolean;
  /** Whether what came of an upload that broke off stays there, to be gone on with. */
  readonly keepsBrokenUploads: boolean;
  /** Whether it sometimes says nothing more on the control connection after a cut, so that time limits have to be short. */
  readonly isSilentAfterCuts?: boolean;
  /** The most round trips that it costs over TLS 1.3, without the check of a transfer's hash. */
  readonly roundTrips?: RoundTrips;
  /** Odd names that it does not take, or does not show as they are. */
  readonly refusesNames?: readonly string[];
  /** Whether its listings are machine listings. */
  readonly machineListing: boolean;
}

/** As a distant client counts them: the making of a connection is one. */
export interface RoundTrips {
  readonly login: number;
  /** Another one, with what the first has learned of the server. */
  readonly laterLogin: number;
  readonly download: number;
  readonly upload: number;
  readonly listing: number;
}

/** How many round trips each takes, once a login has learned what there is to learn. */
async function roundTripsWith(server: RunningServer): Promise<RoundTrips> {
  await using wire = await layLongWire();
  const options = { ...clientOptions(server), memory: new ServerMemory() };
  const first = await FtpsClient.connect(options);
  const login = wire.roundTrips;
  await first.close();
  await wire.quiet();
  const before = wire.roundTrips;
  const client = await FtpsClient.connect(options);
  const laterLogin = wire.roundTrips - before;
  const counted = async (call: () => Promise<unknown>): Promise<number> => {
    await wire.quiet();
    const before = wire.roundTrips;
    await call();
    return wire.roundTrips - before;
  };
  const nowhere = { write: () => Promise.resolve(), commit: () => Promise.resolve(), discard: () => Promise.resolve() };
  const listing = await counted(() => collect(client.list('/')));
  const download = await counted(() => client.download('/small', nowhere, { verify: 'size' }));
  const upload = await counted(() => client.upload(Buffer.from('x'), '/up', { verify: 'none' }));
  client.close().catch(() => undefined);
  return { login, laterLogin, download, upload, listing };
}

const versions = ['1.3', '1.2'] as const;
/** Names that break what is careless about options, wildcards, quotes, formats, facts, home folders and encodings. */
const oddNames: readonly string[] = [
  ...['-rf', '*', '?', '[a]', '"a" b', "a'b", '%s%n', '$HOME', '`a`', 'a;b=c', '~', '~root', 'a -> b', '#a', '{a,b}'],
  ...[' a', 'a ', 'a  b', '...', '日本語', 'e\u0301', '\u00e9', '😀', '\u2028', '\ufeffa'],
];
const nestedName = 'Ordner mit Leerzeichen/größer als „klein“.bin';

/** How to log in there. */
export function clientOptions(server: RunningServer, pin: '1.2' | '1.3' = '1.3'): FtpsClientOptions {
  const { host, port, user, password, caPem, implicit } = server;
  const mode = implicit ? 'implicit' : 'explicit';
  return { host, port, user, password, mode, tls: { ca: caPem, versions: pin } };
}

/** Logs in; again where the server lost the ClientHello. */
export async function connect(real: RealServer, options: FtpsClientOptions): Promise<FtpsClient> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await FtpsClient.connect(options);
    } catch (error) {
      if (real.losesClientHello !== true || !(error instanceof HandshakeError) || attempt === 20) throw error;
      // It loses several in a row when they come at the same moment of its own doing.
      await delay(10 * attempt);
    }
  }
}

/** The engine, but its data connections never present a ticket. */
function withoutTickets(): TlsEngine {
  return engineConnecting(selectEngine(), (connector, transport, options) => {
    const binding = options.role === 'data' ? connector.newBinding() : options.binding;
    return connector.connect(transport, { ...options, binding });
  });
}

/** Waits until the server's log tells of `count` resumed TLS sessions; where it does not tell, there is nothing to wait for. */
async function serverSaysResumed(server: RunningServer, count: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const told = server.resumptions();
    if (told === undefined || told === count) return;
    await delay(20);
  }
  expect(server.resumptions(), 'resumed, by the log of the server').to.equal(count);
}

function isVerified(result: TransferResult, bytes: number): void {
  expect(result).to.include({ bytes, sizeBytes: bytes, attempts: 1, resumedAt: 0 });
  expect(result.verified.by).to.be.oneOf(['size', 'hash']);
}

function fewestOf(one: RoundTrips | undefined, other: RoundTrips): RoundTrips {
  const fewer = (key: keyof RoundTrips): number => Math.min(one?.[key] ?? Infinity, other[key]);
  return {
    ...{ login: fewer('login'), laterLogin: fewer('laterLogin') },
    ...{ download: fewer('download'), upload: fewer('upload'), listing: fewer('listing') },
  };
}

function isWithin(counts: RoundTrips, bounds: RoundTrips): boolean {
  return (Object.keys(bounds) as (keyof RoundTrips)[]).every((key) => counts[key] <= bounds[key]);
}

export function realServerSuite(real: RealServer): void {
  describe(`our client and ${real.peer.name}`, () => {
    before(function () {
      requirePeer(this, real.peer);
    });

    for (const pin of versions) {
      describe(`under TLS ${pin}`, () => {
        const resumed = real.resumes[pin];
        const isBound = (result: TransferResult): void => {
          expect(result.handshake).to.include({ protocol: `TLSv${pin}`, resumed });
          expect(result.resumed).to.equal(resumed);
        };

        it('lists, downloads and uploads', async () => {
          await using server = await real.start({});
          await withTemporaryFolder(async (folder) => {
            const content = randomBytes(3_000_001);
            await server.seed({ [nestedName]: content, 'hello.txt': 'hello', '.hidden': '' });
            await using client = await connect(real, clientOptions(server, pin));
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
            await serverSaysResumed(server, 3);
          });
        });

        it('is sent EPSV and the command of a read in one flight, over and over, where it stands it', async function () {
          this.timeout(120_000);
          // ftp-srv looks every 50 ms whether a data connection has come.
          const count = real.answersOutOfOrder === true ? 20 : 200;
          await using server = await real.start({});
          await server.seed({ 'a.bin': 'what it is' });
          await using client = await connect(real, clientOptions(server, pin));
          const dialogue = await dialogueOf(async () => {
            for (let file = 0; file < count; file++) {
              if (file % 10 === 0) expect(await collect(client.list('/'))).to.have.lengthOf(1);
              const sink = new PassThrough();
              const [result, got] = await Promise.all([
                client.download('/a.bin', sink, { verify: 'none' }),
                text(sink),
              ]);
              expect([result.bytes, got]).to.deep.equal([10, 'what it is']);
            }
            expect(await rejection(client.download('/missing', new PassThrough()))).to.be.instanceOf(ReplyError);
            expect(await collect(client.list('/'))).to.have.lengthOf(1);
          });
          if (real.answersOutOfOrder === true) return;
          expect(unwaitedCommands(dialogue).filter((line) => line === 'RETR /a.bin')).to.have.lengthOf(count);
        });

        it('is told NOOP in the middle of a download, and whatever it answers, the download is whole', async function () {
          this.timeout(60_000);
          await using server = await real.start({});
          const content = randomBytes(20_000_000);
          await server.seed({ 'a.bin': content });
          await using client = await connect(real, { ...clientOptions(server, pin), transferKeepAliveMs: 50 });
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
          await using server = await real.start({});
          await using client = await connect(real, clientOptions(server, pin));
          for (let number = 0; number < files; number++) {
            const content = randomBytes(10_000 + number);
            isBound(await client.upload(content, `/${number}.bin`));
            const hash = createHash('sha256');
            isBound(await client.download(`/${number}.bin`, hash));
            expect(hash.digest('hex')).to.equal(createHash('sha256').update(content).digest('hex'));
          }
          await client.close();
          await serverSaysResumed(server, 2 * files);
        });
      });
    }

    it('makes, renames and removes', async () => {
      await using server = await real.start({});
      await using client = await connect(real, clientOptions(server));
      await client.mkdir('/neu und schön');
      await client.upload(Buffer.from('hello'), '/neu und schön/a');
      await client.rename('/neu und schön/a', '/neu und schön/b c');
      expect(await client.size('/neu und schön/b c')).to.equal(5);
      await client.remove('/neu und schön/b c');
      await client.removeDirectory('/neu und schön');
      expect(await collect(client.list('/'))).to.deep.equal([]);
    });

    it('keeps names as they are, however odd', async () => {
      await using server = await real.start({});
      await using client = await connect(real, clientOptions(server));
      const names = oddNames.filter((name) => !(real.refusesNames ?? []).includes(name));
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

    it('says what is wrong with a missing file, an unwritable folder and a wrong password, and goes on', async () => {
      await using server = await real.start({});
      await withTemporaryFolder(async (folder) => {
        await using client = await connect(real, clientOptions(server));
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

        const wrong = { ...clientOptions(server), password: 'wrong' };
        expect(await rejection(connect(real, wrong))).to.be.instanceOf(LoginError);
      });
    });

    it('aborts a download, and is in step again', async () => {
      await using server = await real.start({});
      await server.seed({ 'big.bin': Buffer.alloc(40_000_000), small: 'hello' });
      await withTemporaryFolder(async (folder) => {
        await using client = await connect(real, clientOptions(server));
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
        await using server = await real.start({});
        await using client = await connect(real, { ...clientOptions(server), engine: withoutTickets() });
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
        await using server = await real.start({});
        const options = { ...clientOptions(server), tls: { ca: server.caPem }, onNotResumed: 'pin-1.2' } as const;
        await using client = await connect(real, options);
        expect(client.handshake).to.include({ protocol: 'TLSv1.3' });
        const result = await client.upload(Buffer.from('hello'), '/a');
        expect(result.handshake).to.include({ protocol: 'TLSv1.2', resumed: true });
        expect(await client.size('/a')).to.equal(5);
      });
    }

    if (!real.machineListing) {
      it('has its clock learned from one file, so that the times it lists are times', async () => {
        await using server = await real.start({});
        await server.seed({ file: 'hello' });
        await using client = await connect(real, { ...clientOptions(server), serverTimeZone: 'learn' });
        const [entry] = await collect(client.list('/'));
        const { mtimeMs } = await stat(join(server.root, 'file'));
        expect(entry?.modifiedAt?.getTime()).to.equal(Math.floor(mtimeMs / 60_000) * 60_000);
        expect(entry?.modifiedPrecision).to.equal('minute');
      });
    }

    if (real.roundTrips !== undefined) {
      const { roundTrips } = real;
      it(`takes ${roundTrips.login} round trips to log in, ${roundTrips.laterLogin} later, and ${roundTrips.download} to download`, async function () {
        this.timeout(60_000);
        await using server = await real.start({});
        await server.seed({ small: 'hello' });
        let fewest: RoundTrips | undefined;
        // A side that is slow to answer makes it look as if it had waited for another word; never the other way round.
        for (let attempt = 1; attempt <= 3; attempt++) {
          fewest = fewestOf(fewest, await roundTripsWith(server));
          if (isWithin(fewest, roundTrips)) return;
        }
        expect(fewest).to.deep.equal(roundTrips);
      });
    }

    if (real.hasImplicit) {
      it('speaks TLS from the first byte where it is implicit', async () => {
        await using server = await real.start({ implicit: true });
        await using client = await connect(real, clientOptions(server));
        const result = await client.upload(Buffer.from('hello'), '/a');
        isVerified(result, 5);
        expect(result.resumed).to.equal(real.resumes['1.3']);
      });
    }
  });
}
