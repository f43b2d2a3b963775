// A real server whose LIST shows the times of a zone with summer time, and whose MDTM tells UTC.
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { requirePeer } from '../../support/peers/peer.js';
import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { clientOptions } from './real-server.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** An hour ahead of UTC, and two since `summerMs`, for half a year; in the words of POSIX, which need no files of zones. */
function zoneWithSummerSince(summerMs: number): string {
  // From 1, as if no year were a leap year.
  const dayOf = (timeMs: number): number => {
    const date = new Date(timeMs);
    return (Date.UTC(2001, date.getUTCMonth(), Math.min(date.getUTCDate(), 28)) - Date.UTC(2001, 0, 1)) / DAY_MS + 1;
  };
  return `WIN-1SUM-2,J${dayOf(summerMs)},J${dayOf(summerMs + 180 * DAY_MS)}`;
}

describe('our client and ProFTPD that tells times by a clock with summer time, and has no MLSD in its FEAT', () => {
  it('learns that clock on both sides of its change', async function () {
    requirePeer(this, proftpd);
    const now = Date.now();
    const timeZone = zoneWithSummerSince(now - 60 * DAY_MS);
    await using server = await startProftpd({ timeZone, directives: ['FactsAdvertise off'] });
    // LIST shows the time of day for half a year.
    const times = new Map(
      [1, 5, 9, 100, 104, 108].map((days) => [`${days} days old`, new Date(now - days * DAY_MS)] as const),
    );
    await server.seed(Object.fromEntries(Array.from(times.keys(), (name) => [name, name])));
    for (const [name, time] of times) await utimes(join(server.root, name), time, time);

    await using client = await FtpsClient.connect({ ...clientOptions(server), serverTimeZone: 'learn' });
    const entries = await collect(client.list('/'));
    const minuteOf = (time: Date | undefined): number => Math.floor((time?.getTime() ?? NaN) / 60_000);
    const listed = new Map(entries.map(({ name, modifiedAt }) => [name, minuteOf(modifiedAt)]));
    expect(listed).to.deep.equal(new Map(Array.from(times, ([name, time]) => [name, minuteOf(time)])));
    expect(new Set(entries.map(({ modifiedPrecision }) => modifiedPrecision))).to.deep.equal(new Set(['minute']));
    // The clock was another one then, or the test tells nothing.
    const hours = entries.map(({ listedTime }) => listedTime?.slice(-5, -3));
    expect(new Set(hours)).to.have.property('size', 2);
  });
});
