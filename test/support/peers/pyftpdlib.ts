/** pyftpdlib 1.5.7 as Debian has it, TLS by pyOpenSSL: it demands no resumption. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newPassword } from './debian-server.js';
import { findExecutable, type Peer } from './peer.js';
import { launch, type PeerServer, type PeerServerOptions } from './peer-server.js';

const script = fileURLToPath(new URL('./pyftpdlib_server.py', import.meta.url));
const python = '/usr/bin/python3';

let missing: string | false | undefined;

export const pyftpdlib: Peer = {
  name: 'pyftpdlib',
  missing: () => {
    missing ??= whyMissing() ?? false;
    return missing === false ? undefined : missing;
  },
};

function whyMissing(): string | undefined {
  if (findExecutable(python) === undefined) return 'python3 is not installed';
  const { status } = spawnSync(python, ['-I', '-c', 'import pyftpdlib.servers, OpenSSL']);
  return status === 0 ? undefined : 'pyftpdlib is not installed';
}

/** Starts pyftpdlib with one account. */
export async function startPyftpdlib(
  options: Omit<PeerServerOptions, 'implicit' | 'requireReuse'> = {},
): Promise<PeerServer> {
  const { tlsVersions = 'both' } = options;
  const account = {
    user: 'alice',
    password: newPassword(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  return launch(
    {
      account,
      async prepare({ folder, root, port, identity }) {
        const identityFile = join(folder, 'identity.pem');
        await writeFile(identityFile, identity.keyPem + identity.certPem, { mode: 0o600 });
        const { user, password } = account;
        const settings = { port, root, identityFile, tlsVersions, user, password };
        return { command: python, args: ['-I', script, JSON.stringify(settings)] };
      },
    },
    options,
  );
}
