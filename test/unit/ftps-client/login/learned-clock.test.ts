import { expect } from 'chai';
import { ServerMemory, type Entry } from '@ftps-kit/ftps-client';
import { LearnedClock } from '../../../../packages/ftps-client/src/login/learned-clock.js';
import { parseTimeZone } from '../../../../packages/ftps-client/src/login/server-time-zone.js';
import { ListedMinutes, askMinutes } from '../../../../packages/ftps-client/src/remote/clock-questions.js';
import { collect } from '../../../support/collect.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script } from '../../../support/scripted-server.js';
import { SeededRandom } from '../../../support/seeded-random.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_QUESTIONS = 24;

/** A file or a folder of a server without MLSD: as LIST shows it there, and what MDTM answers; 550 where nothing is said. */
interface Shown {
  readonly name: string;
  readonly mode?: string;
  readonly listed: string;
  readonly mdtm?: string;
}

/** In Berlin, an hour ahead of UTC in January and two in July. */
const january: readonly Shown[] = [
  { name: 'a', listed: '2026-01-10 12:00', mdtm: '213 20260110110030' },
  { name: 'b', listed: '2026-01-11 00:30', mdtm: '213 20260110233000' },
  { name: 'c', listed: '2026-01-12 08:00', mdtm: '213 20260112070059' },
];
const july: readonly Shown[] = [
  { name: 'd', listed: '2026-07-10 12:00', mdtm: '213 20260710100030' },
  { name: 'e', listed: '2026-07-11 00:30', mdtm: '213 20260710223000' },
  { name: 'f', listed: '2026-07-12 08:00', mdtm: '213 20260712060059' },
];

/** Lists these as often as it is asked to, and tells their times. */
function showing(shown: readonly Shown[]): Script {
  const text = shown.map(({ name, mode = '-rw-r--r--', listed }) => `${mode} 1 a a 5 ${listed} ${name}\r\n`).join('');
  return async (peer) => {
    for (;;) {
      const line = await peer.line();
      if (line === 'EPSV') {
        const data = await peer.listenForData();
        await peer.say(`229 listening (|||${data.port}|)\r\n`);
        await peer.on('LIST -a d', '150 here it comes');
        await peer.send(data, text);
        await peer.say('226 done\r\n');
      } else if (line?.startsWith('MDTM d/') === true) {
        const { mdtm = '550 no' } = shown.find(({ name }) => line === `MDTM d/${name}`) ?? {};
        await peer.say(`${mdtm}\r\n`);
      } else {
        if (line === 'QUIT') await peer.say('221 bye\r\n');
        return;
      }
    }
  };
}

interface Learned {
  /** By name, of each listing. */
  readonly times: readonly Readonly<Record<string, string | undefined>>[];
  readonly precisions: readonly Entry['modifiedPrecision'][];
  /** Whose times were asked for, during each listing. */
  readonly asked: readonly (readonly string[])[];
}

/** What a client that learns makes of so many listings of the same folder. */
async function learn(shown: readonly Shown[], { listings = 1, features = ['MDTM'] } = {}): Promise<Learned> {
  const times: Record<string, string | undefined>[] = [];
  const asked: string[][] = [];
  const precisions = new Set<Entry['modifiedPrecision']>();
  const options = { serverTimeZone: 'learn', memory: new ServerMemory(), pipelining: 'off' } as const;
  await withScriptedClient({ script: showing(shown), features, options }, async (client, server) => {
    for (let listing = 0; listing < listings; listing++) {
      const before = server.lines.length;
      const entries = await collect(client.list('d'));
      times.push(Object.fromEntries(entries.map(({ name, modifiedAt }) => [name, modifiedAt?.toISOString()])));
      for (const { modifiedPrecision } of entries) precisions.add(modifiedPrecision);
      const questions = server.lines.slice(before).filter((line) => line.startsWith('MDTM d/'));
      asked.push(questions.map((line) => line.slice('MDTM d/'.length)));
    }
  });
  return { times, precisions: [...precisions], asked };
}

describe("a server's clock that is learned", () => {
  it('is right in January and in July', async () => {
    const { times, precisions } = await learn([...january, ...july]);
    expect(times).to.deep.equal([
      {
        ...{ a: '2026-01-10T11:00:00.000Z', b: '2026-01-10T23:30:00.000Z', c: '2026-01-12T07:00:00.000Z' },
        ...{ d: '2026-07-10T10:00:00.000Z', e: '2026-07-10T22:30:00.000Z', f: '2026-07-12T06:00:00.000Z' },
      },
    ]);
    expect(precisions).to.deep.equal(['minute']);
  });

  it('is asked for where it may have been changed, and not again', async () => {
    const { asked } = await learn([...january, ...july], { listings: 2 });
    // Not b and e, which lie between others that agree.
    expect(asked).to.deep.equal([['f', 'd', 'c', 'a'], []]);
  });

  it('is right on both sides of the night in which it was changed', async () => {
    // Noon on each day from 20 March to 2 April 2026; the clocks went forward on the 29th.
    const days = Array.from({ length: 14 }, (_, day) => new Date(Date.UTC(2026, 2, 20 + day, 12)).toISOString());
    const utcOf = (noon: string): string => noon.replace('T12', noon < '2026-03-29' ? 'T11' : 'T10');
    const shown = days.map((noon) => ({
      name: noon.slice(0, 10),
      listed: `${noon.slice(0, 10)} 12:00`,
      mdtm: `213 ${utcOf(noon).replace(/\.000Z|[-T:]/g, '')}`,
    }));
    const { times, asked } = await learn(shown);
    expect(times).to.deep.equal([Object.fromEntries(days.map((noon) => [noon.slice(0, 10), utcOf(noon)]))]);
    expect(asked[0]).to.have.lengthOf.below(7);
  });

  it('gives folders their times too, where files before and after them have shown it', async () => {
    const folder = { mode: 'drwxr-xr-x' };
    const { times, asked } = await learn([
      ...july,
      { ...folder, name: 'between', listed: '2026-07-11 10:00' },
      { ...folder, name: 'behind', listed: '2026-07-13 10:00' },
    ]);
    expect(times[0]).to.include({ between: '2026-07-11T08:00:00.000Z', behind: undefined });
    expect(asked).to.deep.equal([['f', 'd']]);
  });

  it('gives no time where LIST shows the day alone', async () => {
    const { times } = await learn([...july, { name: 'old', listed: 'Jan 10  2024', mdtm: '213 20240110110000' }]);
    expect(times[0]).to.include({ f: '2026-07-12T06:00:00.000Z', old: undefined });
  });

  it('loses no more to a file that is modified meanwhile than that file', async () => {
    const unlucky = { name: 'log', listed: '2026-07-12 09:00', mdtm: '213 20260712070700' };
    const { times, asked } = await learn([...january, ...july, unlucky], { listings: 2 });
    expect(times[1]).to.deep.equal(times[0]);
    expect(times[0]).to.include({
      log: undefined,
      f: '2026-07-12T06:00:00.000Z',
      d: '2026-07-10T10:00:00.000Z',
      a: '2026-01-10T11:00:00.000Z',
    });
    expect(asked).to.deep.equal([['log', 'f', 'd', 'c', 'a'], ['log']]);
  });

  it('asks another file of the same minute where the first cannot tell', async () => {
    const [minute] = july;
    const { times, asked } = await learn([{ name: 'gone', listed: minute?.listed ?? '' }, ...july.slice(0, 1)]);
    expect(times).to.deep.equal([{ gone: '2026-07-10T10:00:00.000Z', d: '2026-07-10T10:00:00.000Z' }]);
    expect(asked).to.deep.equal([['gone', 'd']]);
  });

  const many: readonly Shown[] = Array.from({ length: 60 }, (_, month) => {
    const noon = new Date(Date.UTC(2020, month, 1, 12)).toISOString().slice(0, 10);
    return { name: noon, listed: `${noon} 12:00`, mdtm: `213 ${noon.replaceAll('-', '')}120000` };
  });

  it('is asked for so many times a listing, the newest first, and the rest has no times', async () => {
    const { times, asked } = await learn(many, { listings: 2 });
    const newestFirst = many.map(({ name }) => name).reverse();
    expect(asked).to.deep.equal([
      newestFirst.slice(0, MAX_QUESTIONS),
      newestFirst.slice(MAX_QUESTIONS, 2 * MAX_QUESTIONS),
    ]);
    for (const [listing, known] of times.entries()) {
      const expected = newestFirst.map((name, index) => [
        name,
        index < (listing + 1) * MAX_QUESTIONS ? `${name}T12:00:00.000Z` : undefined,
      ]);
      expect(known).to.deep.equal(Object.fromEntries(expected));
    }
  });

  it('is not learned from a server that has no MDTM, whether its FEAT says so or its reply', async () => {
    const none = { a: undefined, b: undefined, c: undefined };
    const silent = await learn(january, { features: ['EPSV'], listings: 2 });
    expect(silent).to.deep.include({ times: [none, none], asked: [[], []] });
    const refusing = january.map((shown) => ({ ...shown, mdtm: '502 what?' }));
    expect(await learn(refusing, { listings: 2 })).to.deep.include({ times: [none, none], asked: [['c'], []] });
  });

  it('is left alone during a listing of which file after file tells none', async () => {
    const refusing = many.map((shown) => ({ ...shown, mdtm: '550 no' }));
    const { asked } = await learn(refusing);
    expect(asked[0]).to.have.lengthOf(4);
  });

  it('is forgotten after an hour, for those servers that show all times by the season of today', () => {
    let nowMs = 0;
    const clock = new LearnedClock(() => nowMs);
    clock.learn(DAY_MS, HOUR_MS);
    nowMs = HOUR_MS;
    clock.forgetOld();
    expect(clock.fromWall(DAY_MS)).to.equal(DAY_MS - HOUR_MS);
    nowMs++;
    clock.forgetOld();
    expect(clock.fromWall(DAY_MS)).to.equal(undefined);
  });

  it('is known between two times that agree, and only where they are no more than two weeks apart', () => {
    const clock = new LearnedClock();
    clock.learn(0, HOUR_MS);
    clock.learn(14 * DAY_MS, HOUR_MS);
    clock.learn(15 * DAY_MS, 2 * HOUR_MS);
    clock.learn(30 * DAY_MS, 2 * HOUR_MS);
    const known = [-1, 0, 7, 14, 14.5, 15, 20, 30, 31].map((day) => clock.fromWall(day * DAY_MS) !== undefined);
    expect(known).to.deep.equal([false, true, true, true, false, true, false, true, false]);
  });

  it('is asked for by the files of 50,000 minutes of a listing, so that nothing waits long for them to be sorted', () => {
    const minutes = new ListedMinutes();
    for (let minute = 0; minute < 50_001; minute++) {
      const listedTime = new Date(minute * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ');
      minutes.add({ type: 'file', name: String(minute), listedTime }, 0);
    }
    expect(minutes.takeNext(new LearnedClock())).to.deep.equal({ name: '49999', wallMs: 49_999 * MINUTE_MS });
  });

  const seed = Math.floor(Math.random() * 2 ** 32);
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Africa/Cairo'];
  for (const name of [...zones, 'Asia/Kathmandu', 'Pacific/Apia']) {
    it(`is never wrong by day in ${name}, whatever files there are (seed ${seed})`, async () => {
      const zone = parseTimeZone(name);
      const random = new SeededRandom(seed);
      const clock = new LearnedClock();
      const end = Date.UTC(2026, 10, 26);
      const files = new Map<string, { readonly wallMs: number; readonly timeMs: number }>();
      // Some years of few files, and half a year of many.
      for (const [count, days] of [
        [100, 7_000],
        [400, 180],
      ] as const) {
        for (let at = 0; at < count; at++) {
          const timeMs = end - random.below(days * 24 * 60) * MINUTE_MS;
          const wallMs = zone.toWall(timeMs);
          const hour = new Date(wallMs).getUTCHours();
          // Of an hour that the clock shows twice nobody could say which it was.
          if (hour >= 6 && hour < 22) files.set(`${days}-${at}`, { wallMs, timeMs });
        }
      }
      let known = 0;
      for (let listing = 0; listing < 20; listing++) {
        const minutes = new ListedMinutes();
        for (const [file, { wallMs }] of files) {
          const listedTime = new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ');
          minutes.add({ type: 'file', name: file, listedTime }, end);
        }
        let asked = 0;
        await askMinutes(clock, minutes, (file) => {
          asked++;
          return Promise.resolve(new Date(files.get(file)?.timeMs ?? NaN));
        });
        expect(asked).to.be.at.most(MAX_QUESTIONS);
        const times = [...files.values()].map(({ wallMs, timeMs }) => [clock.fromWall(wallMs), timeMs] as const);
        for (const [learned, timeMs] of times) if (learned !== undefined) expect(learned).to.equal(timeMs);
        known = times.filter(([learned]) => learned !== undefined).length;
        // The half-year, but for a change of the clocks that takes more questions.
        if (listing === 1) expect(known).to.be.above(files.size / 2);
      }
      expect(known).to.equal(files.size);
    });
  }
});
