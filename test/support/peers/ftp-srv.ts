/** ftp-srv 4.6 from npm, the server that Node programs have used so far, in a process of its own. */
import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.js';
import { launch, type PeerServer, type PeerServerOptions } from './peer-server.js';

const program = fileURLToPath(new URL('./ftp-srv-process.ts', import.meta.url));
const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** A development dependency: it is never missing. */
export const ftpSrv: Peer = { name: 'ftp-srv', missing: () => undefined };

/**
 * Starts ftp-srv with one account; it neither demands nor offers resumption.
 *
 * Two things to know: it answers 234 before it is ready for TLS, so that on a busy machine AUTH TLS now and then fails;
 * and it sends 150 after the data connection's handshake only, so clients that wait for 150 first get 425 after 5 s.
 */
export async function startFtpSrv(options: Omit<PeerServerOptions, 'requireReuse'> = {}): Promise<PeerServer> {
  const { implicit = false, tlsVersions = 'both' } = options;
  const account = {
    user: 'alice',
    password: 'opensesame',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  return launch(
    {
      account,
      prepare({ root, port, identity }) {
        const settings = {
          url: `${implicit ? 'ftps' : 'ftp'}://127.0.0.1:${port}`,
          user: account.user,
          password: account.password,
          root,
          certFile: identity.certFile,
          keyFile: identity.keyFile,
          minVersion: tlsVersions === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
          maxVersion: tlsVersions === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
        };
        return Promise.resolve({
          command: process.execPath,
          args: ['--import', 'tsx', program, JSON.stringify(settings)],
          cwd: projectRoot,
        });
      },
    },
    options,
  );
}
