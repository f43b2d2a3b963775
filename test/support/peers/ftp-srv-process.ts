/** The program that runs ftp-srv in a process of its own: settings come as JSON in its only argument, its log goes to stdout. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FtpSrv } from 'ftp-srv';

interface FtpSrvSettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly root: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
}

// It looks for a free port upwards from the lowest, so two processes with the same lowest would take each other's.
const lowestPassivePort = randomInt(10_000, 31_000);
const settings = JSON.parse(process.argv[2] ?? '') as FtpSrvSettings;
const server = new FtpSrv({
  url: settings.url,
  pasv_url: '127.0.0.1',
  pasv_min: lowestPassivePort,
  pasv_max: lowestPassivePort + 1_000,
  anonymous: false,
  tls: {
    cert: readFileSync(settings.certFile),
    key: readFileSync(settings.keyFile),
    minVersion: settings.minVersion,
    maxVersion: settings.maxVersion,
  },
});
server.on('login', ({ username, password }, resolve, reject) => {
  if (username === settings.user && password === settings.password) resolve({ root: settings.root });
  else reject(new Error('Login incorrect'));
});
await server.listen();
