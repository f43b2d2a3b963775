import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { realServerSuite } from './server-suite.js';

realServerSuite({
  peer: proftpd,
  start: startProftpd,
  resumes: { '1.2': true, '1.3': true },
  demands: { reply: /425 .*Operation not permitted/, livesOn: true },
  hasImplicit: true,
  machineListing: true,
});
