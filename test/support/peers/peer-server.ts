/** A real FTP server with a folder, an account and a log of its own, listening on 127.0.0.1 only. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { testCertificates, type TestIdentity } from '../certificates.js';
import { freePort } from '../ports.js';
import type { FtpTarget } from './ftp-target.js';
import { startServerProcess, type ServerCommand } from './server-process.js';

export interface PeerServerOptions {
  /** Default `'both'`. */
  readonly tlsVersions?: '1.2' | '1.3' | 'both';
  /** TLS from the first byte; default false: AUTH TLS. */
  readonly implicit?: boolean;
  /** Refuse data connections that do not resume the control connection's TLS session; default true. */
  readonly requireReuse?: boolean;
  /** The certificate to present; default: the test authority's for localhost. */
  readonly identity?: TestIdentity;
}

export interface PeerServer extends FtpTarget, AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly implicit: boolean;
  /** The certificate authority to trust. */
  readonly caPem: string;
  /** The local folder that is `/` to a client. What a test writes here itself, the server may read but not overwrite. */
  readonly root: string;
  readonly pid: number;
  /** Writes files below `root` as if the account had uploaded them. */
  seed(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** The server's own words so far, TLS included; all of them after `stop()`. */
  log(): string;
  /** Waits until the server's own words match, since a log is written after the deed; rejects with the log in its message. */
  logged(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** How many TLS sessions the server says, in its log, were resumed; undefined for a server that does not say. */
  resumptions(): number | undefined;
  stop(): Promise<void>;
}

/** Who may log in, and which local user owns what is uploaded. */
export interface ServerAccount {
  readonly user: string;
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
}

/** What a launcher knows about its server; `launch` does the rest. */
export interface ServerRecipe {
  readonly account: ServerAccount;
  /** Writes the server's configuration into `folder` and says how it is started and where it logs. */
  prepare(place: {
    readonly folder: string;
    readonly root: string;
    readonly port: number;
    readonly identity: TestIdentity;
  }): Promise<ServerCommand & { readonly logFiles?: readonly string[] }>;
  /** The words for one resumed TLS session. */
  readonly resumption?: RegExp;
  /** Takes back what was done to the machine; also called when this process exits without `stop()`. */
  cleanUp?(): void;
}

/** The local user and group that own nothing: Debian's `nobody` and `nogroup`. */
export const nobody = { uid: 65534, gid: 65534 } as const;

export async function launch(recipe: ServerRecipe, options: PeerServerOptions): Promise<PeerServer> {
  const { user, password, uid, gid } = recipe.account;
  const certificates = await testCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'ftps-kit-peer-'));
  const root = join(folder, 'root');
  const cleanUp = (): void => {
    rmSync(folder, { recursive: true, force: true });
    recipe.cleanUp?.();
  };
  const belongToAccount = async (path: string): Promise<void> => {
    if (process.getuid?.() === 0) await chown(path, uid, gid);
  };

  let started: Awaited<ReturnType<typeof start>>;
  try {
    // The account is not ours, and has to get through to its root.
    await chmod(folder, 0o755);
    await mkdir(root);
    await belongToAccount(root);
    started = await start(recipe, folder, root, options.identity ?? certificates.server);
  } catch (error) {
    cleanUp();
    throw error;
  }
  const { port, logFiles, process: server } = started;
  const onExit = (): void => {
    server.kill();
    cleanUp();
  };
  process.once('exit', onExit);

  let lastWords: string | undefined;
  const log = (): string => lastWords ?? [...logFiles.map(readIfThere), server.output()].join('');
  const stop = async (): Promise<void> => {
    await server.stop();
    if (lastWords !== undefined) return;
    lastWords = log();
    process.off('exit', onExit);
    cleanUp();
  };
  return {
    host: '127.0.0.1',
    port,
    user,
    password,
    implicit: options.implicit ?? false,
    caPem: certificates.caPem,
    caFile: certificates.caFile,
    root,
    pid: server.pid,
    async seed(files) {
      for (const [name, content] of Object.entries(files)) {
        const path = join(root, name);
        const made = mkdirSync(dirname(path), { recursive: true });
        if (made !== undefined) {
          for (let at = dirname(path); at.length >= made.length; at = dirname(at)) await belongToAccount(at);
        }
        await writeFile(path, content);
        await belongToAccount(path);
      }
    },
    log,
    async logged(pattern, timeoutMs = 15_000) {
      const failBy = Date.now() + timeoutMs;
      for (;;) {
        const match = pattern.exec(log());
        if (match) return match[0];
        if (Date.now() > failBy) throw new Error(`the server's log does not say ${pattern.source}:\n${log()}`);
        await delay(10);
      }
    },
    resumptions: () => recipe.resumption && [...log().matchAll(recipe.resumption)].length,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Somebody else may take a free port before the server does: then it ends at once, and gets another port. */
async function start(recipe: ServerRecipe, folder: string, root: string, identity: TestIdentity) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const { logFiles = [], ...command } = await recipe.prepare({ folder, root, port, identity });
    try {
      return { port, logFiles, process: await startServerProcess(command, port) };
    } catch (error) {
      if (attempt === 3) throw new Error(`${String(error)} ${logFiles.map(readIfThere).join('')}`, { cause: error });
    }
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
