// How many round trips our client costs on a real server.
import { expect } from 'chai';
import { FtpsClient, ServerMemory, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { layLongWire } from '../../support/long-wire.js';
import { clientOptions, type PreconnectedRoundTrips, type RoundTrips, type RunningServer } from './real-server.js';

const nowhere = { write: () => Promise.resolve(), commit: () => Promise.resolve(), discard: () => Promise.resolve() };

type Counted = (call: () => Promise<unknown>) => Promise<number>;

/** A login on a server of which nothing is known, over a long wire: what it took, and how many round trips calls behind it take. */
async function overLongWire<T>(
  server: RunningServer,
  options: Partial<FtpsClientOptions>,
  work: (client: FtpsClient, login: number, counted: Counted) => Promise<T>,
): Promise<T> {
  await using wire = await layLongWire();
  const client = await FtpsClient.connect({ ...clientOptions(server), ...options, memory: new ServerMemory() });
  const login = wire.roundTrips;
  const counts = await work(client, login, async (call) => {
    await wire.quiet();
    const before = wire.roundTrips;
    await call();
    return wire.roundTrips - before;
  });
  client.close().catch(() => undefined);
  return counts;
}

function roundTripsWith(server: RunningServer): Promise<RoundTrips> {
  return overLongWire(server, {}, async (client, login, counted) => {
    const listing = await counted(() => collect(client.list('/')));
    const download = await counted(() => client.download('/small', nowhere, { verify: 'size' }));
    const upload = await counted(() => client.upload(Buffer.from('x'), '/up', { verify: 'none' }));
    return { login, download, upload, listing };
  });
}

function preconnectedRoundTripsWith(
  server: RunningServer,
  preconnect: 'port' | 'connection',
): Promise<PreconnectedRoundTrips> {
  return overLongWire(server, { preconnect }, async (client, _login, counted) => {
    await collect(client.list('/'));
    const listing = await counted(() => collect(client.list('/')));
    const download = await counted(() => client.download('/small', nowhere, { verify: 'size' }));
    const unverifiedDownload = await counted(() => client.download('/small', nowhere, { verify: 'none' }));
    const upload = await counted(() => client.upload(Buffer.from('x'), '/up', { verify: 'none' }));
    return { download, unverifiedDownload, upload, listing };
  });
}

function fewestOf<T extends object>(one: T | undefined, other: T): T {
  const fewer = (key: keyof T): number => Math.min(Number(one?.[key] ?? Infinity), Number(other[key]));
  return Object.fromEntries((Object.keys(other) as (keyof T)[]).map((key) => [key, fewer(key)])) as T;
}

/**
 * Counts again, three times at most, until it is as few as that. A side that is slow to answer makes it look as if it had waited for
 * another word; never the other way round.
 */
async function mustBeWithin<T extends object>(bounds: T, count: () => Promise<T>): Promise<void> {
  let fewest: T | undefined;
  for (let attempt = 1; attempt <= 3; attempt++) {
    fewest = fewestOf(fewest, await count());
    const counts = fewest;
    if ((Object.keys(bounds) as (keyof T)[]).every((key) => counts[key] <= bounds[key])) return;
  }
  expect(fewest).to.deep.equal(bounds);
}

/** To be called within the suite whose server `running` gives. */
export function takesFewRoundTrips(roundTrips: RoundTrips, running: () => RunningServer): void {
  const { login, download } = roundTrips;
  it(`takes ${login} round trips to log in, and ${download} to download`, async function () {
    this.timeout(60_000);
    const server = running();
    await server.seed({ small: 'hello' });
    await mustBeWithin(roundTrips, () => roundTripsWith(server));
  });
}

/** The same where something was asked for ahead. */
export function takesFewerRoundTripsAtRest(
  bounds: Readonly<Record<'port' | 'connection', PreconnectedRoundTrips>>,
  running: () => RunningServer,
): void {
  for (const preconnect of ['port', 'connection'] as const) {
    const { unverifiedDownload, listing } = bounds[preconnect];
    it(`takes ${unverifiedDownload} round trips to download and ${listing} to list, with preconnect: '${preconnect}'`, async function () {
      this.timeout(60_000);
      const server = running();
      await server.seed({ small: 'hello' });
      await mustBeWithin(bounds[preconnect], () => preconnectedRoundTripsWith(server, preconnect));
    });
  }
}
