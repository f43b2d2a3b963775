import { pyftpdlib, startPyftpdlib } from '../../support/peers/pyftpdlib.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: pyftpdlib,
  start: () => startPyftpdlib(),
  // It demands no resumption, and gives tickets with keys of the whole server.
  resumes: { '1.2': true, '1.3': true },
  roundTrips: { login: 6, download: 4, upload: 4, listing: 4 },
  preconnected: {
    port: { download: 3, unverifiedDownload: 3, upload: 4, listing: 3 },
    connection: { download: 3, unverifiedDownload: 2, upload: 4, listing: 2 },
  },
  hasImplicit: false,
  keepsBrokenUploads: true,
  machineListing: true,
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
controlTicketSuite(real, { '1.2': 'each', '1.3': 'every other' });
treeSuite(real, { listsLineEnds: true, links: 'outside kept' });
