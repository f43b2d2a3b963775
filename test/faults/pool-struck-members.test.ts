// A pool whose members die of everything that a login can die of, at rest, in a call and while they are opened: it replaces them.
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { FtpsPool, type FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import type { Fault, ProxiedConnection, Weather } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { SeededRandom } from '../support/seeded-random.js';
import { StormyServer } from '../support/stormy-server.js';
import { WatchedSessions, type Moment, type WatchedSession, type WatchedUpload } from '../support/watched-sessions.js';

/** `FTPS_POOL_FILES` is how many files there are, `FTPS_POOL_SEED` repeats a run. */
const atLeast = Number(process.env['FTPS_POOL_FILES'] ?? 150);
const seed = Number(process.env['FTPS_POOL_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));

const SIZE = 8;
const ROUNDS = Math.max(3, Math.ceil(atLeast / 200));
/** In each round; with fewer there might be no transfer left to strike. */
const FILES = Math.max(50, Math.ceil(atLeast / ROUNDS));
const count = ROUNDS * FILES;
/** A silent death is known after this. */
const PATIENCE_MS = 4_000;
/** More than all blows of a round: each fails one try at most. */
const TRIES = 20;

/** RST; nothing arrives any more; or the server says 421, behind the transfer under way, and ends the session. */
const DEATHS = ['reset', 'silence', '421'] as const;
type Death = (typeof DEATHS)[number];
/** While a login is opened the server can refuse it instead. */
const REFUSALS = ['reset', 'silence', 'refused'] as const;
type Refusal = (typeof REFUSALS)[number];

type Blow = `${Death} at rest` | `${Death} in a call` | `${Refusal} in login`;

/** One strike that waits until a transfer is at its moment for so many times more. */
interface Ambush {
  readonly death: Death;
  readonly moment: Moment;
  passing: number;
}

/** Every eighth has some 100 KB. */
function contentOf(number: number): Buffer {
  const sizeBytes = number % 8 === 0 ? 200_000 + number * 7 : number % 300;
  return Buffer.alloc(sizeBytes, `file ${number} `);
}

/** Whether an upload looks for itself whether all has arrived. Where 421 keeps it from that, it cannot be told done. */
function isVerified(number: number): boolean {
  return number % 2 === 0;
}

function shuffled<T>(random: SeededRandom, values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** Deals blows, each where and when it was planned, and counts them as they fall. */
class Reaper {
  readonly dealt = new Map<Blow, number>();
  readonly #random = new SeededRandom(seed);
  #ambushes: Ambush[] = [];
  #refusals: Refusal[] = [];
  #isRefusing = false;
  connections: ReadonlySet<ProxiedConnection> = new Set();

  /** Whether all that was planned has fallen. */
  get isDone(): boolean {
    return this.#ambushes.length === 0 && this.#refusals.length === 0 && !this.#isRefusing;
  }

  count(blows: readonly Blow[]): number {
    return blows.reduce((sum, blow) => sum + (this.dealt.get(blow) ?? 0), 0);
  }

  /** Strikes some of those at rest now, and plans what befalls the calls and logins that come. */
  round(resting: readonly WatchedSession[]): void {
    const random = this.#random;
    const deaths = [...DEATHS, random.pick(DEATHS)];
    for (const session of shuffled(random, resting)) {
      const death = deaths.pop();
      if (death !== undefined) this.#strike(session, death, `${death} at rest`);
    }
    const moments = shuffled(random, ['begin', 'middle', 'end'] as const);
    this.#ambushes = DEATHS.map((death, at) => this.#ambush(death, moments[at] ?? 'begin'));
    // The reply to what took effect is lost in each round.
    this.#ambushes.push(this.#ambush(random.pick(['reset', 'silence']), 'end'));
    this.#refusals = shuffled(random, REFUSALS);
  }

  readonly atMoment = (moment: Moment, session: WatchedSession, upload: WatchedUpload | undefined): void => {
    if (session.isStruck) return;
    const ambush = this.#ambushes.find((each) => each.moment === moment);
    if (ambush === undefined || ambush.passing-- > 0) return;
    this.#ambushes = this.#ambushes.filter((each) => each !== ambush);
    if (upload !== undefined) upload.wasStruck = ambush.death !== '421' || isVerified(Number(upload.path.slice(1)));
    this.#strike(session, ambush.death, `${ambush.death} in a call`);
  };

  /** What befalls the next connection, where that is a login. */
  readonly weather = ({ kind }: ProxiedConnection): Weather => {
    const refusal = kind === 'control' ? this.#refusals.pop() : undefined;
    if (refusal === 'refused') this.#isRefusing = true;
    if (refusal === undefined || refusal === 'refused') return { faults: [] };
    const random = this.#random;
    const fault: Fault = {
      kind: refusal === 'reset' ? 'reset' : 'drop',
      direction: random.pick(['to server', 'to client']),
      // Before the password is sent.
      place: { flight: random.below(3), bytes: random.below(30) },
      strikes: () => {
        this.#note(`${refusal} in login`);
        return true;
      },
    };
    return { faults: [fault] };
  };

  readonly isRefused = (): boolean => {
    if (!this.#isRefusing) return false;
    this.#isRefusing = false;
    this.#note('refused in login');
    return true;
  };

  #ambush(death: Death, moment: Moment): Ambush {
    return { death, moment, passing: this.#random.below(moment === 'middle' ? 3 : FILES / 4) };
  }

  #strike(session: WatchedSession, death: Death, blow: Blow): void {
    session.isStruck = true;
    this.#note(blow);
    const connection = [...this.connections].find(({ kind, port }) => kind === 'control' && port === session.port);
    if (death === 'reset') connection?.kill();
    else if (death === 'silence') connection?.silence();
    else session.revoke();
  }

  #note(blow: Blow): void {
    this.dealt.set(blow, (this.dealt.get(blow) ?? 0) + 1);
  }
}

/** The caller tries again, and not the transfer, which would make its login anew: what replaces it is the pool. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Gives the sessions of all members once there are as many as there may be, and each answers. */
async function fullWidth(pool: FtpsPool, { sessions }: WatchedSessions): Promise<readonly WatchedSession[]> {
  for (;;) {
    const all = gate();
    let lent = 0;
    const askedFor = Array.from({ length: SIZE }, (_, number) => `/member ${sessions.length}.${number}`);
    const ask = (path: string): Promise<boolean> =>
      pool.run(async (client) => {
        lent += 1;
        if (lent === SIZE) all.open();
        await all.opened;
        return client.exists(path);
      });
    const answers = await Promise.allSettled(
      askedFor.map((path) =>
        ask(path).catch((error: unknown) => {
          all.open();
          throw error;
        }),
      ),
    );
    if (answers.every(({ status }) => status === 'fulfilled')) {
      return sessions.filter(({ asked }) => askedFor.some((path) => asked.has(path)));
    }
  }
}

async function downloaded(pool: FtpsPool, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const into = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  await pool.download(path, into);
  return Buffer.concat(chunks);
}

describe(`a pool of ${SIZE} whose members die, of all causes and in all states (FTPS_POOL_SEED=${seed})`, () => {
  it(`replaces them, is as wide as before, and of ${count} files each is stored once, but for lost replies`, async function () {
    this.timeout(60_000 + ROUNDS * 60_000);
    const reaper = new Reaper();
    let root = '';
    const watched = new WatchedSessions(() => root, { isRefused: reaper.isRefused, onMoment: reaper.atMoment });
    await using stormy = await StormyServer.start({ authenticate: watched.authenticate });
    root = stormy.server.root;
    reaper.connections = stormy.proxy.connections;
    const options: FtpsClientOptions = {
      ...stormy.options,
      timeouts: { replyMs: PATIENCE_MS, tlsMs: PATIENCE_MS, closeMs: 500 },
    };
    await using pool = new FtpsPool(options, { size: SIZE, idleMs: 0, keepAliveMs: 500, growAgainMs: 50 });
    const members = new Set<FtpsClient>();
    let farewells = 0;
    pool.on('open', (client) => {
      members.add(client);
      client.on('reply', ({ code }) => (farewells += code === 421 ? 1 : 0));
    });
    const drops: string[] = [];
    pool.on('drop', ({ reason }) => drops.push(reason));

    let resting = await fullWidth(pool, watched);
    stormy.proxy.weather = reaper.weather;
    for (let round = 0; round < ROUNDS; round += 1) {
      reaper.round(resting);
      const numbers = Array.from({ length: FILES }, (_, at) => round * FILES + at);
      const uploads = numbers.map((number) => {
        const verify = isVerified(number) ? 'auto' : 'none';
        return untilDone(() => pool.upload(contentOf(number), `/${number}`, { verify }));
      });
      const downloads = numbers.slice(0, round === 0 ? 0 : FILES / 2).map(async (number) => {
        const earlier = number - FILES;
        expect((await untilDone(() => downloaded(pool, `/${earlier}`))).equals(contentOf(earlier))).to.equal(true);
      });
      await Promise.all([...uploads, ...downloads]);
      resting = await fullWidth(pool, watched);
      // Every one is another login than those that were struck, and all that was planned has come.
      expect(resting.filter(({ isStruck }) => !isStruck)).to.have.lengthOf(SIZE);
      expect(reaper.isDone, `round ${round}`).to.equal(true);
      expect(pool.metrics).to.include({ size: SIZE, limit: SIZE, busy: 0, opening: 0, waiting: 0 });
    }

    for (const death of DEATHS) {
      expect(reaper.count([`${death} at rest`]), `${death} at rest`).to.be.at.least(ROUNDS);
      expect(reaper.count([`${death} in a call`]), `${death} in a call`).to.be.at.least(ROUNDS);
    }
    for (const refusal of REFUSALS) expect(reaper.count([`${refusal} in login`]), refusal).to.equal(ROUNDS);
    expect(stormy.server.logins.filter(({ reason }) => reason === 'sessions')).to.have.lengthOf(ROUNDS);
    expect(farewells).to.equal(reaper.count(['421 at rest', '421 in a call']));
    // Each of those struck is dropped, and another one opened for it.
    const struck = DEATHS.flatMap((death) => [`${death} at rest`, `${death} in a call`] as const);
    expect(drops.length).to.be.at.least(reaper.count(struck));
    expect(new Set(drops)).to.deep.equal(new Set(['lost']));
    expect(members.size).to.equal(SIZE + drops.length);

    await pool.close();
    await stormy.clear();
    const names = Array.from({ length: count }, (_, number) => String(number));
    expect(stormy.server.names()).to.deep.equal([...names].sort());
    let again = 0;
    for (const [number, name] of names.entries()) {
      const content = contentOf(number);
      const effects = watched.effectsOn(`/${name}`);
      expect(stormy.server.bytes(name).equals(content), name).to.equal(true);
      for (const { kind, bytes } of effects) expect([kind, bytes]).to.deep.equal(['replace', content.length]);
      expect(effects.filter(({ wasStruck }) => !wasStruck).length, `${name}, of ${effects.length}`).to.be.at.most(1);
      again += effects.length - 1;
    }
    // Nobody could know of those whose reply was lost.
    expect(again).to.be.at.least(ROUNDS);
  });
});
