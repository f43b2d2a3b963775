/** ProFTPD 1.3.8 with mod_tls: demands resumption and verifies, by the ticket's data, that it is of this control connection. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cryptPassword, debianEnvironment, newPassword } from './debian-server.js';
import { missingExecutable, missingServer, peersFolder, type Peer } from './peer.js';
import { launch, nobody, type PeerServer, type PeerServerOptions } from './peer-server.js';

const program = 'proftpd/usr/sbin/proftpd';
const protocols = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3', both: 'TLSv1.2 TLSv1.3' } as const;

export const proftpd: Peer = {
  name: 'ProFTPD',
  missing: () => missingServer('ProFTPD', program) ?? missingExecutable('openssl'),
};

export interface ProftpdOptions extends PeerServerOptions {
  /** Whether it has mod_digest: HASH, XSHA256 and their like. Default false. */
  readonly digest?: boolean;
  /** The zone that LIST shows times in, as TZ names it. Default: UTC. */
  readonly timeZone?: string;
  /** Lines for its configuration besides. */
  readonly directives?: readonly string[];
}

/** Starts ProFTPD with a virtual user. Its log holds every TLS message, tickets included, by TLSLog and Trace. */
export async function startProftpd(options: ProftpdOptions = {}): Promise<PeerServer> {
  const account = { user: 'alice', password: newPassword(), ...nobody };
  const hash = await cryptPassword(account.password);
  return launch(
    {
      account,
      async prepare({ folder, root, port, identity }) {
        const file = (name: string): string => join(folder, name);
        const tlsOptions = [
          'EnableDiags',
          ...(options.implicit === true ? ['UseImplicitSSL'] : []),
          ...(options.requireReuse === false ? ['NoSessionReuseRequired'] : []),
        ];
        const line = [account.user, hash, account.uid, account.gid, '', root, '/bin/sh'].join(':');
        await writeFile(file('users'), `${line}\n`, { mode: 0o600 });
        await writeFile(
          file('proftpd.conf'),
          [
            `ModulePath ${join(peersFolder, 'proftpd/usr/lib/proftpd')}`,
            'LoadModule mod_tls.c',
            ...(options.digest === true ? ['LoadModule mod_digest.c'] : []),
            'ServerName peer',
            'ServerType standalone',
            'DefaultAddress 127.0.0.1',
            'SocketBindTight on',
            `Port ${port}`,
            'UseIPv6 off',
            'UseReverseDNS off',
            'User nobody',
            'Group nogroup',
            `PidFile ${file('pid')}`,
            `ScoreboardFile ${file('scoreboard')}`,
            `DelayTable ${file('delay')}`,
            'DelayEngine off',
            'WtmpLog off',
            'TransferLog none',
            `SystemLog ${file('system.log')}`,
            'AuthOrder mod_auth_file.c',
            `AuthUserFile ${file('users')}`,
            'RequireValidShell off',
            'DefaultRoot ~',
            'AllowOverwrite on',
            'AllowStoreRestart on',
            'AllowRetrieveRestart on',
            'TLSEngine on',
            'TLSRequired on',
            'TLSVerifyClient off',
            `TLSProtocol ${protocols[options.tlsVersions ?? 'both']}`,
            `TLSOptions ${tlsOptions.join(' ')}`,
            `TLSECCertificateFile ${identity.certFile}`,
            `TLSECCertificateKeyFile ${identity.keyFile}`,
            `TLSLog ${file('tls.log')}`,
            `TraceLog ${file('trace.log')}`,
            'Trace tls:20 command:7 response:7',
            ...(options.timeZone === undefined ? [] : ['TimesGMT off']),
            ...(options.directives ?? []),
            '',
          ].join('\n'),
        );
        return {
          command: join(peersFolder, program),
          args: ['-n', '-c', file('proftpd.conf')],
          env: {
            ...(await debianEnvironment(folder)),
            ...(options.timeZone === undefined ? {} : { TZ: options.timeZone }),
          },
          logFiles: ['system.log', 'tls.log', 'trace.log'].map(file),
        };
      },
      resumption: /client reused TLS session for data connection/g,
    },
    options,
  );
}
