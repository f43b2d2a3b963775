// A running FtpsServer on loopback with a folder of its own, and a record of everything it says.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createFtpsServer,
  fixedAccounts,
  type Authenticate,
  type ControlMode,
  type DisconnectEvent,
  type FileSystem,
  type FtpsServer,
  type FtpsServerOptions,
  type LoginEvent,
  type LimitEvent,
  type RefusalEvent,
  type SecuredEvent,
  type ServerEvents,
  type TransferEvent,
} from '@ftps-kit/ftps-server';
import { ServerIdentity, type ServerTlsOptions, type TlsVersions } from '@ftps-kit/tls-core';
import { testCertificates } from './certificates.js';
import type { FtpTarget } from './peers/ftp-target.js';

export interface TestServerOptions extends Partial<Omit<FtpsServerOptions, 'tls'>> {
  readonly versions?: TlsVersions;
  /** Default `explicit`. */
  readonly mode?: ControlMode;
  /** Default 127.0.0.1. */
  readonly listenHost?: string;
  /** TLS options besides, and instead, of the test certificate. */
  readonly tls?: Partial<Omit<ServerTlsOptions, 'versions' | 'dangerouslyLogKeys'>>;
  /** Gets the keys of every connection (`tls.dangerouslyLogKeys`). */
  readonly logKeys?: (line: string) => void;
  /** What alice finds, over the root; default: the folder itself. */
  readonly fileSystem?: (root: string) => FileSystem;
  /** Files below the root, by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** alice may do everything, bob may only read; both see the same root. */
export class TestServer implements FtpTarget, AsyncDisposable {
  readonly host: string;
  readonly user = 'alice';
  readonly password = 'opensesame';
  readonly readOnlyUser = 'bob';
  readonly implicit: boolean;
  readonly secured: SecuredEvent[] = [];
  readonly logins: LoginEvent[] = [];
  readonly transfers: TransferEvent[] = [];
  readonly refusals: RefusalEvent[] = [];
  readonly limits: LimitEvent[] = [];
  readonly disconnects: DisconnectEvent[] = [];

  readonly server: FtpsServer;
  readonly port: number;
  readonly root: string;
  readonly caFile: string;
  readonly caPem: string;

  private constructor(
    server: FtpsServer,
    port: number,
    root: string,
    ca: { readonly caFile: string; readonly caPem: string },
    { mode, listenHost }: TestServerOptions,
  ) {
    this.server = server;
    this.port = port;
    this.root = root;
    this.caFile = ca.caFile;
    this.caPem = ca.caPem;
    this.implicit = mode === 'implicit';
    this.host = listenHost ?? '127.0.0.1';
    server.on('secured', (event) => this.secured.push(event));
    server.on('login', (event) => this.logins.push(event));
    server.on('transfer', (event) => this.transfers.push(event));
    server.on('refusal', (event) => this.refusals.push(event));
    server.on('limit', (event) => this.limits.push(event));
    server.on('disconnect', (event) => this.disconnects.push(event));
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { versions, mode, listenHost, logKeys, tls, files, fileSystem, ...rest } = options;
    const { server, caFile, caPem } = await testCertificates();
    const root = mkdtempSync(join(tmpdir(), 'ftps-kit-root-'));
    const ftps = createFtpsServer({
      tls: {
        identities: [new ServerIdentity({ cert: server.certPem, key: server.keyPem })],
        versions,
        dangerouslyLogKeys: logKeys,
        ...tls,
      },
      authenticate: accounts(root, fileSystem?.(root)),
      listen: { mode, host: listenHost },
      ...rest,
    });
    const [address] = await ftps.listen();
    const running = new TestServer(ftps, address?.port ?? 0, root, { caFile, caPem }, options);
    running.seed(files ?? {});
    return running;
  }

  seed(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), content);
    }
  }

  /** A file of zeros that takes no room on the disk. */
  seedLarge(path: string, sizeBytes: number): void {
    this.seed({ [path]: '' });
    truncateSync(join(this.root, path), sizeBytes);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  bytes(path: string): Buffer {
    return readFileSync(join(this.root, path));
  }

  /** The names in a folder of the root, hidden ones too, sorted: to see that nothing was left behind. */
  names(path = ''): readonly string[] {
    return readdirSync(join(this.root, path)).sort();
  }

  /** The next event of this name; ask before the deed. */
  async next<Name extends keyof ServerEvents>(name: Name): Promise<ServerEvents[Name][0]> {
    const [event] = (await once(this.server, name)) as ServerEvents[Name];
    return event;
  }

  get lastTransfer(): TransferEvent {
    const last = this.transfers.at(-1);
    if (last === undefined) throw new Error('the server has told of no transfer');
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ graceSeconds: 0 });
    rmSync(this.root, { recursive: true, force: true });
  }
}

function accounts(root: string, fileSystem: FileSystem | undefined): Authenticate {
  const listed = fixedAccounts([
    { name: 'alice', password: 'opensesame', root },
    { name: 'bob', password: 'opensesame', root, readOnly: true },
  ]);
  return async (credentials, client) => {
    const account = await listed(credentials, client);
    return account?.name === 'alice' && fileSystem !== undefined ? { ...account, fileSystem } : account;
  };
}
