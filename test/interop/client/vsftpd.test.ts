import { startVsftpd, vsftpd } from '../../support/peers/vsftpd.js';
import { realServerSuite } from './server-suite.js';

realServerSuite({
  peer: vsftpd,
  start: startVsftpd,
  resumes: { '1.2': true, '1.3': true },
  demands: { reply: /522 .*session reuse required/, livesOn: false },
  hasImplicit: true,
  machineListing: false,
});
