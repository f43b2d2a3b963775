import { pureFtpd, startPureFtpd } from '../../support/peers/pure-ftpd.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: pureFtpd,
  start: () => startPureFtpd(),
  // It issues no ticket under TLS 1.3, and demands no resumption.
  resumes: { '1.2': true, '1.3': false },
  roundTrips: { login: 6, download: 5, upload: 4, listing: 5 },
  preconnected: {
    port: { download: 4, unverifiedDownload: 4, upload: 4, listing: 4 },
    connection: { download: 4, unverifiedDownload: 3, upload: 4, listing: 3 },
  },
  hasImplicit: false,
  keepsBrokenUploads: true,
  // It puts a low line for a space at the end, and for a tabulator.
  respells: { 'a ': 'a_', 'behind ': 'behind_', 'tab\tin it': 'tab_in it' },
  machineListing: true,
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
controlTicketSuite(real, { '1.2': 'each', '1.3': 'none' });
treeSuite(real, { refuses: ['a\\b'], links: 'removed' });
