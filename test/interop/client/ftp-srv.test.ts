import { ftpSrv, startFtpSrv } from '../../support/peers/ftp-srv.js';
import { killedProcessSuite } from './killed-process-suite.js';
import type { RealServer } from './real-server.js';
import { resumeSuite } from './resume-suite.js';
import { realServerSuite } from './server-suite.js';
import { treeSuite } from './tree-suite.js';

const real: RealServer = {
  peer: ftpSrv,
  start: startFtpSrv,
  // Every data connection of it gets a TLS context with keys of its own, so nothing can resume.
  resumes: { '1.2': false, '1.3': false },
  hasImplicit: true,
  losesClientHello: true,
  losesCommands: true,
  keepsBrokenUploads: true,
  isSilentAfterCuts: true,
  machineListing: false,
  // It cuts quotes out of names, and takes a backslash for a slash.
  respells: { '"a" b': 'a b', 'q"uote': 'quote', 'a\\b': 'a/b' },
};

realServerSuite(real);
resumeSuite(real);
killedProcessSuite(real);
treeSuite(real, { listsLineEnds: true, links: 'kept' });
