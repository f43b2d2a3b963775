/** Pure-FTPd 1.0.50: fast, demands no resumption, and under TLS 1.3 offers none. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cryptPassword, debianEnvironment, newPassword } from './debian-server.js';
import { missingExecutable, missingServer, peersFolder, type Peer } from './peer.js';
import { launch, nobody, type PeerServer, type PeerServerOptions } from './peer-server.js';
import { runProgram } from './run-program.js';

const server = 'pure-ftpd/usr/sbin/pure-ftpd';
const accounts = 'pure-ftpd/usr/bin/pure-pw';

export const pureFtpd: Peer = {
  name: 'Pure-FTPd',
  missing: () => missingServer('Pure-FTPd', server) ?? missingExecutable('openssl'),
};

/** Starts Pure-FTPd with a virtual user. Its log names transfers only: what else it has to say goes to syslog. */
export async function startPureFtpd(
  options: Omit<PeerServerOptions, 'implicit' | 'requireReuse'> = {},
): Promise<PeerServer> {
  const account = { user: 'alice', password: newPassword(), ...nobody };
  const hash = await cryptPassword(account.password);
  return launch(
    {
      account,
      async prepare({ folder, root, port, identity }) {
        const file = (name: string): string => join(folder, name);
        const env = await debianEnvironment(folder, options.tlsVersions);
        const line = [account.user, hash, account.uid, account.gid, '', `${root}/./`].join(':');
        await writeFile(file('users'), `${line}::::::::::::\n`, { mode: 0o600 });
        const made = await runProgram(join(peersFolder, accounts), ['mkdb', file('users.pdb'), '-f', file('users')], {
          env,
        });
        if (made.code !== 0) throw new Error(`pure-pw mkdb failed: ${made.stderr}`);
        await writeFile(file('identity.pem'), identity.keyPem + identity.certPem, { mode: 0o600 });
        return {
          command: join(peersFolder, server),
          args: [
            ...['--bind', `127.0.0.1,${port}`, '--login', `puredb:${file('users.pdb')}`],
            ...['--tls', '2', '--certfile', file('identity.pem'), '--noanonymous', '--chrooteveryone'],
            ...['--dontresolve', '--syslogfacility', 'none', '--minuid', '1', '--maxclientsperip', '100'],
            ...['--pidfile', file('pid'), '--altlog', `clf:${file('transfers.log')}`],
          ],
          env,
          logFiles: [file('transfers.log')],
        };
      },
    },
    options,
  );
}
