/** What the servers unpacked from Debian's packages share: their libraries, TLS versions by OpenSSL's configuration, hashes. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executable, peersFolder } from './peer.js';
import type { PeerServerOptions } from './peer-server.js';
import { runProgram } from './run-program.js';

/** A password that nobody else knows, since vsftpd's account is one of the machine. */
export function newPassword(): string {
  return randomBytes(12).toString('base64url');
}

/** A password as crypt(3) keeps it: `$6$…`. */
export async function cryptPassword(password: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(executable('openssl'), ['passwd', '-6', '-stdin'], {
    input: `${password}\n`,
  });
  if (code !== 0) throw new Error(`openssl passwd failed: ${stderr}`);
  return stdout.trim();
}

/**
 * The environment of an unpacked server. A server that has no option for it is pinned to one TLS version by the
 * configuration that every program on OpenSSL reads.
 */
export async function debianEnvironment(
  folder: string,
  tlsVersions: PeerServerOptions['tlsVersions'] = 'both',
): Promise<NodeJS.ProcessEnv> {
  const [lowest, highest] = tlsVersions === 'both' ? ['1.2', '1.3'] : [tlsVersions, tlsVersions];
  const configuration = join(folder, 'openssl.cnf');
  await writeFile(
    configuration,
    [
      'openssl_conf = all',
      '[all]',
      'ssl_conf = ssl',
      '[ssl]',
      'system_default = versions',
      '[versions]',
      `MinProtocol = TLSv${lowest}`,
      `MaxProtocol = TLSv${highest}`,
      '',
    ].join('\n'),
  );
  return {
    PATH: process.env['PATH'],
    LD_LIBRARY_PATH: join(peersFolder, 'lib'),
    OPENSSL_CONF: configuration,
  };
}
