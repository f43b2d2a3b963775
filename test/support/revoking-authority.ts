// An authority that revokes what it signed, by lists that `openssl ca` writes.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ServerIdentity } from '@ftps-kit/tls-core';
import { executable } from './peers/peer.js';
import { runProgram } from './peers/run-program.js';
import { withTemporaryFolder } from './temporary-folder.js';

const SERIAL = 7;

export interface RevokingAuthority {
  readonly caPem: string;
  /** Signed by it, for a server named localhost or for a client. */
  readonly identity: ServerIdentity;
  /** Its list before it revoked that certificate, */
  readonly emptyList: string;
  /** and behind it, */
  readonly revokingList: string;
  /** and one that names nobody, and whose time is over. */
  readonly expiredList: string;
}

export async function makeRevokingAuthority(): Promise<RevokingAuthority> {
  let made: RevokingAuthority | undefined;
  await withTemporaryFolder(async (folder) => {
    const run = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await runProgram(executable('openssl'), args, { cwd: folder });
      expect(code, stderr).to.equal(0);
    };
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await write('ca.cnf', '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ndefault_md=sha256\ncrlnumber=number\n');
    await write('names.cnf', 'subjectAltName=DNS:localhost\n');
    await write('number', '01\n');
    await write('index.txt', '');
    await run('req', '-x509', ...key, '-subj', '/CN=revoking CA', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2');
    await run('req', ...key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', `${SERIAL}`, '-days', '2'];
    await run('x509', '-req', '-in', 'server.csr', ...signed, '-extfile', 'names.cnf', '-out', 'server.pem');
    const list = ['ca', '-config', 'ca.cnf', '-gencrl', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-crldays', '2'];
    await run(...list, '-out', 'empty.pem');
    const past = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200201000000Z'];
    await run(...list, ...past, '-out', 'expired.pem');
    await run('ca', '-config', 'ca.cnf', '-revoke', 'server.pem', '-cert', 'ca.pem', '-keyfile', 'ca.key');
    await run(...list, '-out', 'revoking.pem');
    made = {
      caPem: await read('ca.pem'),
      identity: new ServerIdentity({ cert: await read('server.pem'), key: await read('server.key') }),
      emptyList: await read('empty.pem'),
      revokingList: await read('revoking.pem'),
      expiredList: await read('expired.pem'),
    };
  });
  if (made === undefined) throw new Error('openssl made nothing');
  return made;
}
