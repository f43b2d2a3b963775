import { pureFtpd, startPureFtpd } from '../../support/peers/pure-ftpd.js';
import { realServerSuite } from './server-suite.js';

realServerSuite({
  peer: pureFtpd,
  start: () => startPureFtpd(),
  // It issues no ticket under TLS 1.3, and demands no resumption.
  resumes: { '1.2': true, '1.3': false },
  hasImplicit: false,
  machineListing: true,
});
