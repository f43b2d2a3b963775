/** vsftpd 3.0.3: demands resumption, answers 522 to what did not resume, and then ends the control session. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cryptPassword, debianEnvironment, newPassword } from './debian-server.js';
import { executable, missingExecutable, missingServer, peersFolder, type Peer } from './peer.js';
import { launch, nobody, type PeerServer, type PeerServerOptions, type ServerAccount } from './peer-server.js';
import { runProgram } from './run-program.js';

const program = 'vsftpd/usr/sbin/vsftpd';
const pamFolder = '/etc/pam.d';
const namePattern = /^ftpskit-(\d+)-\d+$/;
let count = 0;

export const vsftpd: Peer = {
  name: 'vsftpd',
  missing: () =>
    missingServer('vsftpd', program) ??
    missingExecutable('openssl') ??
    missingExecutable('useradd') ??
    missingExecutable('userdel'),
};

/**
 * Starts vsftpd with an account of its own.
 *
 * It knows no virtual users without a PAM module for them, so a system user and a PAM service are made, named after
 * this process, and removed by `stop()`. Those of a run that was killed are removed by the next start.
 */
export async function startVsftpd(options: PeerServerOptions = {}): Promise<PeerServer> {
  sweep();
  const account = await makeAccount();
  const yes = (wanted: boolean): string => (wanted ? 'YES' : 'NO');
  return launch(
    {
      account,
      async prepare({ folder, root, port, identity }) {
        const configuration = join(folder, 'vsftpd.conf');
        const log = join(folder, 'vsftpd.log');
        const empty = join(folder, 'empty');
        mkdirSync(empty, { recursive: true });
        const settings = {
          listen: 'YES',
          listen_address: '127.0.0.1',
          listen_port: port,
          background: 'NO',
          anonymous_enable: 'NO',
          local_enable: 'YES',
          write_enable: 'YES',
          local_umask: '022',
          local_root: root,
          chroot_local_user: 'YES',
          allow_writeable_chroot: 'YES',
          secure_chroot_dir: empty,
          pam_service_name: account.user,
          session_support: 'NO',
          seccomp_sandbox: 'NO',
          ssl_enable: 'YES',
          // "TLSv1" is the only TLS this build can name; it means whatever OpenSSL allows.
          ssl_tlsv1: 'YES',
          ssl_ciphers: 'HIGH',
          implicit_ssl: yes(options.implicit ?? false),
          force_local_logins_ssl: 'YES',
          force_local_data_ssl: 'YES',
          require_ssl_reuse: yes(options.requireReuse ?? true),
          rsa_cert_file: identity.certFile,
          rsa_private_key_file: identity.keyFile,
          debug_ssl: 'YES',
          log_ftp_protocol: 'YES',
          xferlog_enable: 'YES',
          xferlog_std_format: 'NO',
          vsftpd_log_file: log,
        };
        const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
        await writeFile(configuration, lines.join(''));
        return {
          command: join(peersFolder, program),
          args: [configuration],
          env: await debianEnvironment(folder, options.tlsVersions),
          logFiles: [log],
        };
      },
      resumption: /DEBUG: .* SSL cipher: [^,]+, reused,/g,
      cleanUp: () => {
        removeAccount(account.user);
      },
    },
    options,
  );
}

async function makeAccount(): Promise<ServerAccount> {
  count += 1;
  const user = `ftpskit-${process.pid}-${count}`;
  const password = newPassword();
  const hash = await cryptPassword(password);
  removeAccount(user);
  const args = ['-M', '-N', '-g', 'nogroup', '-d', '/', '-s', '/usr/sbin/nologin', '-p', hash, user];
  // Only one process at a time may change the machine's users, and useradd does not wait long for its turn.
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await runProgram(executable('useradd'), args, { timeoutMs: 30_000 });
    if (code === 0) break;
    if (attempt === 100 || !stderr.includes('lock')) throw new Error(`useradd ${user} failed: ${stderr}`);
    await delay(100);
  }
  // The account's shell lets nobody log in, so the shell is not what is asked here.
  writeFileSync(join(pamFolder, user), 'auth required pam_unix.so\naccount required pam_permit.so\n');
  return { user, password, uid: uidOf(user), gid: nobody.gid };
}

function removeAccount(user: string): void {
  rmSync(join(pamFolder, user), { force: true });
  if (accounts().has(user)) spawnSync('userdel', ['-f', user], { stdio: 'ignore' });
}

/** Removes the accounts whose makers are gone. */
function sweep(): void {
  for (const name of new Set([...readdirSync(pamFolder), ...accounts().keys()])) {
    const maker = namePattern.exec(name)?.[1];
    if (maker !== undefined && !isAlive(Number(maker))) removeAccount(name);
  }
}

function uidOf(user: string): number {
  const uid = accounts().get(user);
  if (uid === undefined) throw new Error(`useradd made no ${user}`);
  return uid;
}

function accounts(): Map<string, number> {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return new Map(lines.map((line) => line.split(':')).map(([name = '', , uid]) => [name, Number(uid)]));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
