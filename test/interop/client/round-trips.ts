// How many round trips our client costs on a real server.
import { expect } from 'chai';
import { FtpsClient, ServerMemory } from '@ftps-kit/ftps-client';
import { collect } from '../../support/collect.js';
import { layLongWire } from '../../support/long-wire.js';
import { clientOptions, type RoundTrips, type RunningServer } from './real-server.js';

/** How many round trips each takes, on the first login to a server of which nothing is known. */
async function roundTripsWith(server: RunningServer): Promise<RoundTrips> {
  await using wire = await layLongWire();
  const client = await FtpsClient.connect({ ...clientOptions(server), memory: new ServerMemory() });
  const login = wire.roundTrips;
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
  return { login, download, upload, listing };
}

function fewestOf(one: RoundTrips | undefined, other: RoundTrips): RoundTrips {
  const fewer = (key: keyof RoundTrips): number => Math.min(one?.[key] ?? Infinity, other[key]);
  return {
    ...{ login: fewer('login'), download: fewer('download') },
    ...{ upload: fewer('upload'), listing: fewer('listing') },
  };
}

function isWithin(counts: RoundTrips, bounds: RoundTrips): boolean {
  return (Object.keys(bounds) as (keyof RoundTrips)[]).every((key) => counts[key] <= bounds[key]);
}

/** To be called within the suite whose server `running` gives. */
export function takesFewRoundTrips(roundTrips: RoundTrips, running: () => RunningServer): void {
  const { login, download } = roundTrips;
  it(`takes ${login} round trips to log in, and ${download} to download`, async function () {
    this.timeout(60_000);
    const server = running();
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
