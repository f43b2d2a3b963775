/**
 * A server inside a program of one's own: accounts from its own database, files that it makes up and takes in itself, events,
 * metrics and a clean end.
 *
 *     node --import tsx examples/embedded-server.ts [PORT]
 *
 * Customers log in and find `status.json`, which is written when it is read, and may drop orders, which go to the program
 * and not to a disk. Try it with the line that it prints.
 */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  FileSystemError,
  createFtpsServer,
  prometheusText,
  type Account,
  type Authenticate,
  type DirectoryEntry,
  type FileStat,
  type FileSystem,
  type ReadHandle,
  type WriteHandle,
} from '@ftps-kit/ftps-server';
import { developmentIdentity } from '@ftps-kit/tls-core';

/** What the program's own database knows of a customer. */
interface Customer {
  readonly name: string;
  readonly salt: Buffer;
  readonly passwordHash: Buffer;
  /** By name, when they came and how long they are. */
  readonly orders: Map<string, { readonly bytes: number; readonly at: Date }>;
}

const MAX_ORDER_BYTES = 1024 * 1024;

/** One customer's files: a report that does not exist until it is read, and orders that go straight to the program. */
class CustomerFiles implements FileSystem {
  readonly #customer: Customer;

  constructor(customer: Customer) {
    this.#customer = customer;
  }

  stat(path: string): Promise<FileStat> {
    const modifiedAt = new Date();
    if (path === '/') return Promise.resolve({ type: 'directory', sizeBytes: 0, modifiedAt, mode: 0o755 });
    if (path === '/status.json') {
      return Promise.resolve({ type: 'file', sizeBytes: this.#status().length, modifiedAt, mode: 0o444 });
    }
    const order = this.#customer.orders.get(path.slice(1));
    if (order === undefined) return refuse('not-found', path);
    return Promise.resolve({ type: 'file', sizeBytes: order.bytes, modifiedAt: order.at, mode: 0o200 });
  }

  async *list(path: string): AsyncGenerator<DirectoryEntry> {
    if (path !== '/') await refuse('not-found', path);
    for (const name of ['status.json', ...this.#customer.orders.keys()])
      yield { name, ...(await this.stat(`/${name}`)) };
  }

  openRead(path: string, { start }: { readonly start: number }): Promise<ReadHandle> {
    if (path !== '/status.json') return refuse('permission', `${path} can only be written`);
    const content = this.#status();
    if (start > content.length) return refuse('offset-beyond-end', path);
    let at = start;
    return Promise.resolve({
      sizeBytes: content.length,
      read: (into: Uint8Array) => {
        const count = content.copy(into, 0, at);
        at += count;
        return Promise.resolve(count);
      },
      close: () => Promise.resolve(),
    });
  }

  openWrite(path: string): Promise<WriteHandle> {
    const name = path.slice(1);
    if (!/^[\w.-]+\.order$/.test(name)) return refuse('permission', `${path} is no order`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    return Promise.resolve({
      write: (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > MAX_ORDER_BYTES) return refuse('no-space', `${path} is too large for an order`);
        // The chunk is the server's again when this resolves.
        chunks.push(Buffer.from(chunk));
        return Promise.resolve();
      },
      // Only now is the order whole: a connection that is cut ends with abort.
      commit: () => {
        this.#customer.orders.set(name, { bytes, at: new Date() });
        console.log(`order from ${this.#customer.name}: ${JSON.stringify(Buffer.concat(chunks).toString())}`);
        return Promise.resolve(undefined);
      },
      abort: () => Promise.resolve(),
    });
  }

  makeDirectory = readOnly;
  removeDirectory = readOnly;
  remove = readOnly;
  rename = readOnly;
  setModified = readOnly;

  #status(): Buffer {
    const { name, orders } = this.#customer;
    return Buffer.from(`${JSON.stringify({ customer: name, orders: Object.fromEntries(orders) }, null, 2)}\n`);
  }
}

function readOnly(path: string): Promise<never> {
  return refuse('permission', `${path} cannot be changed`);
}

function refuse(kind: FileSystemError['kind'], message: string): Promise<never> {
  return Promise.reject(new FileSystemError(kind, message));
}

function newCustomer(name: string, password: string): Customer {
  const salt = randomBytes(16);
  return { name, salt, passwordHash: scryptSync(password, salt, 32), orders: new Map() };
}

const password = randomBytes(9).toString('base64url');
const customers = new Map([['acme', newCustomer('acme', password)]]);
/** Checked where there is no such customer, so that an answer takes as long. */
const nobody = newCustomer('', randomBytes(9).toString('base64url'));

const authenticate: Authenticate = ({ user, password: given }, client): Account | undefined => {
  const customer = customers.get(user) ?? nobody;
  const isRight = timingSafeEqual(scryptSync(given, customer.salt, 32), customer.passwordHash);
  if (customer === nobody || !isRight) return undefined;
  console.log(`welcome ${user} from ${client.address}`);
  return {
    name: user,
    fileSystem: new CustomerFiles(customer),
    permissions: ['read', 'list', 'write'],
    maxSessions: 4,
  };
};

await using server = createFtpsServer({
  // For a server that others are to reach: the certificate and key of its name, as PEM.
  tls: await developmentIdentity(),
  authenticate,
  listen: { host: '127.0.0.1', port: Number(process.argv[2] ?? 0) },
  limits: { idleTimeoutMs: 60_000, maxConnections: 100 },
});

server.on('transfer', ({ user, command, path, bytes, verdict, replyCode }) => {
  console.log(`${user}: ${command} ${path}: ${replyCode}, ${bytes} bytes, data connection ${verdict ?? 'missing'}`);
});
server.on('refusal', ({ client, reason, detail }) => {
  console.warn(`refused ${client.address}: ${reason} (${detail})`);
});
server.on('limit', ({ client, limit, detail }) => {
  console.warn(`limit ${limit} for ${client.address}: ${detail}`);
});
server.on('fault', ({ where, error }) => {
  console.error(`failed in ${where}:`, error);
});

const [address] = await server.listen();
console.log(`ftpes://acme@127.0.0.1:${address?.port}/  password: ${password}  fingerprint: ${server.fingerprint256}`);
console.log('try: FTPS_PASSWORD=… npx ftps get ftpes://…/status.json - --fingerprint …; end it with Ctrl-C');

const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    ended.abort();
  });
}
await once(ended.signal, 'abort');
await server.close({ graceSeconds: 10 });
console.log(prometheusText(server.metrics()));
