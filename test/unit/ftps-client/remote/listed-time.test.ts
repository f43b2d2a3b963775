import { expect } from 'chai';
import { ConfigError, FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { learnedOffset, parseTimeZone } from '../../../../packages/ftps-client/src/login/server-time-zone.js';
import { parseListedTime } from '../../../../packages/ftps-client/src/remote/listed-time.js';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { ScriptedPeer } from '../../../support/scripted-server.js';

const now = Date.UTC(2026, 0, 10, 12, 0);

describe('a time as LIST writes it', () => {
  const known: readonly [text: string, iso: string, precision: string][] = [
    ['Jan 10 11:59', '2026-01-10T11:59', 'minute'],
    ['Jan  1 00:00', '2026-01-01T00:00', 'minute'],
    // A clock over there may be ahead of ours, but not by more than a day.
    ['Jan 11 11:00', '2026-01-11T11:00', 'minute'],
    ['Jan 12 11:00', '2025-01-12T11:00', 'minute'],
    ['Dec 31 23:59', '2025-12-31T23:59', 'minute'],
    ['31 Dec 23:59', '2025-12-31T23:59', 'minute'],
    ['Feb 29  2024', '2024-02-29T00:00', 'day'],
    ['2026-01-02 03:04', '2026-01-02T03:04', 'minute'],
    ['01-02-26  03:04PM', '2026-01-02T15:04', 'minute'],
    ['01-02-26 12:04AM', '2026-01-02T00:04', 'minute'],
    ['12-31-1999 23:04', '1999-12-31T23:04', 'minute'],
  ];
  for (const [text, iso, precision] of known) {
    it(`${text} is ${iso}`, () => {
      expect(parseListedTime(text, now)).to.deep.equal({ wallMs: Date.parse(`${iso}:00Z`), precision });
    });
  }

  for (const text of [
    '',
    'Mai 10 11:59',
    'Feb 29 10:00',
    'Feb 30  2024',
    'Jan 10 25:00',
    '13-02-26 03:04PM',
    '5月 3日',
  ]) {
    it(`${JSON.stringify(text)} is none that could be told`, () => {
      expect(parseListedTime(text, now)).to.equal(undefined);
    });
  }
});

describe("a server's time zone", () => {
  it('is an offset or a name, with the clocks changed in summer', () => {
    const winter = Date.UTC(2026, 0, 10, 12, 0);
    const summer = Date.UTC(2026, 6, 10, 12, 0);
    const hours = (zone: string, wall: number): number => (wall - parseTimeZone(zone).fromWall(wall)) / 3_600_000;
    expect(hours('UTC', winter)).to.equal(0);
    expect(hours('+05:30', winter)).to.equal(5.5);
    expect(hours('-0800', summer)).to.equal(-8);
    expect(hours('Europe/Berlin', winter)).to.equal(1);
    expect(hours('Europe/Berlin', summer)).to.equal(2);
    // 02:30 on the day the clocks went forward is shown by none; half past one and half past three are.
    const forward = Date.UTC(2026, 2, 29);
    expect(hours('Europe/Berlin', forward + 1.5 * 3_600_000)).to.equal(1);
    expect(hours('Europe/Berlin', forward + 3.5 * 3_600_000)).to.equal(2);
  });

  it('is learned from what differs by a quarter of an hour or several, and from nothing else', () => {
    const listed = Date.UTC(2026, 0, 10, 12, 0);
    expect(learnedOffset(listed, Date.UTC(2026, 0, 10, 11, 0, 59))).to.equal(3_600_000);
    expect(learnedOffset(listed, Date.UTC(2026, 0, 10, 6, 15))).to.equal(5.75 * 3_600_000);
    expect(learnedOffset(listed, Date.UTC(2026, 0, 10, 11, 7))).to.equal(undefined);
    expect(learnedOffset(listed, Date.UTC(2026, 0, 9, 11, 0))).to.equal(undefined);
  });

  it('that is none is refused', async () => {
    const error = await rejection(FtpsClient.connect({ host: 'localhost', serverTimeZone: 'Middle/Earth' }));
    expect(error).to.be.instanceOf(ConfigError);
  });

  const listing = '-rw-r--r-- 1 a a 5 2026-01-10 12:00 a\r\n-rw-r--r-- 1 a a 5 Jul 10  2024 b\r\n';

  async function timesOf(options: Partial<FtpsClientOptions>, mdtm?: string): Promise<(string | undefined)[]> {
    let times: (string | undefined)[] = [];
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const data = await peer.passive();
      await peer.on('LIST -a d', '150 here it comes');
      await peer.send(data, listing);
      await peer.say('226 done\r\n');
      if (mdtm !== undefined) await peer.on('MDTM d/a', mdtm);
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script, features: ['MDTM'], options }, async (client) => {
      const entries = await collect(client.list('d'));
      times = entries.map(({ modifiedAt }) => modifiedAt?.toISOString());
      const precisions = entries.map((entry) => entry.modifiedPrecision);
      expect(precisions).to.deep.equal(times.map((time, at) => time && (['minute', 'day'] as const)[at]));
    });
    return times;
  }

  it('gives entries of LIST their times, and without one they have none', async () => {
    expect(await timesOf({})).to.deep.equal([undefined, undefined]);
    expect(await timesOf({ serverTimeZone: 'Europe/Berlin' })).to.deep.equal([
      '2026-01-10T11:00:00.000Z',
      '2024-07-09T22:00:00.000Z',
    ]);
  });

  it('is learned from a file where it is to be, and then a time that shows the day alone is none', async () => {
    const learned = await timesOf({ serverTimeZone: 'learn' }, '213 20260110170030');
    expect(learned).to.deep.equal(['2026-01-10T17:00:00.000Z', undefined]);
    expect(await timesOf({ serverTimeZone: 'learn' }, '550 no')).to.deep.equal([undefined, undefined]);
  });
});
