import { startVsftpd, vsftpd } from '../../support/peers/vsftpd.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: vsftpd,
  start: startVsftpd,
  resumes: { '1.2': true, '1.3': true },
  demands: { reply: /522 .*session reuse required/, livesOn: false },
  roundTrips: { login: 6, download: 5, upload: 4, listing: 5 },
  preconnected: {
    port: { download: 4, unverifiedDownload: 4, upload: 4, listing: 4 },
    connection: { download: 4, unverifiedDownload: 3, upload: 4, listing: 3 },
  },
  hasImplicit: true,
  keepsBrokenUploads: true,
  machineListing: false,
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
controlTicketSuite(real, { '1.2': 'each', '1.3': 'every other' });
treeSuite(real, { listsLineEnds: true, links: 'removed' });
