import { pureFtpd, startPureFtpd } from '../../support/peers/pure-ftpd.js';
import { killedProcessSuite } from './killed-process-suite.js';
import { controlTicketSuite } from './control-ticket-suite.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite, type RealServer } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: pureFtpd,
  start: () => startPureFtpd(),
  // It issues no ticket under TLS 1.3, and demands no resumption.
  resumes: { '1.2': true, '1.3': false },
  roundTrips: { login: 7, laterLogin: 6, download: 5, upload: 4, listing: 5 },
  hasImplicit: false,
  keepsBrokenUploads: true,
  // It puts an underscore for a space at the end.
  refusesNames: ['a '],
  machineListing: true,
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
controlTicketSuite(real, { '1.2': 'each', '1.3': 'none' });
// It cuts spaces off at the end, and lists a tabulator as a low line.
treeSuite(real, { refuses: ['a\\b'], garbles: ['behind ', 'tab\tin it'], links: 'removed' });
