import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { selectEngine } from '@ftps-kit/tls-core';
import { TestServer } from '../../support/test-server.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer, RunningServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

interface OurOptions {
  readonly implicit?: boolean;
  /** Whether uploads are written where they belong from their first byte on. */
  readonly inPlace?: boolean;
}

/** Our own server, which tells of its transfers by events: `bound` is its word for a data connection that resumed. */
async function startOurs({ implicit = false, inPlace = false }: OurOptions): Promise<RunningServer> {
  const running = await TestServer.start({
    mode: implicit ? 'implicit' : 'explicit',
    binding: 'require',
    fileSystem: (root) => new LocalFileSystem(root, { inPlace }),
  });
  const { port, user, password, caPem, root, transfers } = running;
  return {
    host: '127.0.0.1',
    ...{ port, user, password, implicit, caPem, root },
    seed: (files) => {
      running.seed(files);
      return Promise.resolve();
    },
    resumptions: () => transfers.filter(({ verdict }) => verdict === 'bound').length,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

const { earlyData } = selectEngine().capabilities;

const real: RealServer = {
  peer: { name: 'our own server', missing: () => undefined },
  start: startOurs,
  resumes: { '1.2': true, '1.3': true },
  demands: { reply: /522 /, livesOn: true },
  // On the portable engine it cannot send before the client's part of the handshake has come (0.5-RTT).
  roundTrips: { login: 6, download: earlyData ? 3 : 4, upload: 4, listing: earlyData ? 3 : 4 },
  preconnected: {
    port: { download: earlyData ? 3 : 4, unverifiedDownload: earlyData ? 2 : 3, upload: 4, listing: earlyData ? 2 : 3 },
    connection: { download: 3, unverifiedDownload: 2, upload: 4, listing: 2 },
  },
  hasImplicit: true,
  keepsBrokenUploads: false,
  machineListing: true,
};

const inPlace: RealServer = {
  ...real,
  peer: { name: 'our own server, which writes in place', missing: () => undefined },
  start: (options) => startOurs({ ...options, inPlace: true }),
  keepsBrokenUploads: true,
};

realServerSuite(real);
resumeSuite(real);
resumeSuite(inPlace);
killedProcessSuite(real);
killedProcessSuite(inPlace);
// On the portable engine each control connection has ticket keys of its own.
const returning = selectEngine().name === 'openssl' ? 'each' : 'none';
controlTicketSuite(real, { '1.2': returning, '1.3': returning });
treeSuite(real, { links: 'outside kept' });
