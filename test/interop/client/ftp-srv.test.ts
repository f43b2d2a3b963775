import { ftpSrv, startFtpSrv } from '../../support/peers/ftp-srv.js';
import { killedProcessSuite } from './killed-process-suite.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite, type RealServer } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: ftpSrv,
  start: startFtpSrv,
  // Every data connection of it gets a TLS context with keys of its own, so nothing can resume.
  resumes: { '1.2': false, '1.3': false },
  hasImplicit: true,
  losesClientHello: true,
  answersOutOfOrder: true,
  keepsBrokenUploads: true,
  isSilentAfterCuts: true,
  machineListing: false,
  // It cuts quotes out of names.
  refusesNames: ['"a" b'],
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
// It cuts quotes out, takes a backslash for a slash, and shows a link as what it leads to, and removes no link.
treeSuite(real, { garbles: ['q"uote', 'a\\b'], isSlow: true, listsLineEnds: true, links: 'followed' });
