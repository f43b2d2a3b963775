import { ftpSrv, startFtpSrv } from '../../support/peers/ftp-srv.js';
import { realServerSuite } from './server-suite.js';

realServerSuite({
  peer: ftpSrv,
  start: startFtpSrv,
  // Every data connection of it gets a TLS context with keys of its own, so nothing can resume.
  resumes: { '1.2': false, '1.3': false },
  hasImplicit: true,
  losesClientHello: true,
  machineListing: false,
});
