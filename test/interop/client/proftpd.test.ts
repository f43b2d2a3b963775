import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: proftpd,
  start: startProftpd,
  resumes: { '1.2': true, '1.3': true },
  demands: { reply: /425 .*Operation not permitted/, livesOn: true },
  roundTrips: { login: 6, download: 5, upload: 4, listing: 5 },
  preconnected: {
    port: { download: 4, unverifiedDownload: 4, upload: 4, listing: 4 },
    connection: { download: 4, unverifiedDownload: 3, upload: 4, listing: 3 },
  },
  hasImplicit: true,
  keepsBrokenUploads: true,
  machineListing: true,
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
controlTicketSuite(real, { '1.2': 'each', '1.3': 'every other' });
treeSuite(real, { refuses: ['*'], listsLineEnds: true, links: 'outside kept' });
