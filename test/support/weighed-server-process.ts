// A server in a process of its own that says what it holds: forked with `--expose-gc`, it answers one question a message.
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { LocalFileSystem, type DirectoryEntry, type ServerLimits } from '@ftps-kit/ftps-server';
import { TestServer } from './test-server.js';
import type { ListingWatch, WeighedServerQuestion } from './weighed-server.js';

/** Live memory is looked at so often in one listing. */
const LOOKS = 20;

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A folder whose listing stops half way until it is told to go on, and which weighs the process meanwhile. */
class WeighedFileSystem extends LocalFileSystem {
  /** Entries that the next listing has. */
  expected = Infinity;
  goOn: () => void = () => undefined;
  ended = false;
  firstBytes = 0;
  peakBytes = 0;

  override async *list(path: string): AsyncGenerator<DirectoryEntry> {
    const half = new Promise<void>((resolve) => (this.goOn = resolve));
    let count = 0;
    this.firstBytes = heldBytes();
    for await (const entry of super.list(path)) {
      count += 1;
      if (count % Math.ceil(this.expected / LOOKS) === 0) this.peakBytes = Math.max(this.peakBytes, heldBytes());
      if (count === Math.floor(this.expected / 2)) await half;
      yield entry;
    }
    this.ended = true;
  }

  watch(expected: number): void {
    this.expected = expected;
    this.ended = false;
    this.peakBytes = 0;
  }

  get seen(): ListingWatch {
    return { ended: this.ended, growthBytes: this.peakBytes - this.firstBytes };
  }
}

const limits = JSON.parse(process.argv[2] ?? '{}') as Partial<ServerLimits>;
let files: WeighedFileSystem | undefined;
const server = await TestServer.start({ limits, fileSystem: (root) => (files = new WeighedFileSystem(root)) });

/** What is held once nothing that can be collected is left. */
async function weigh(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    heldBytes();
    await setImmediate();
  }
  return heldBytes();
}

/** Resolves when no control connection is left, which those who ended theirs cannot see. */
async function idle(): Promise<void> {
  while (server.server.connectionCount > 0) {
    await Promise.race([once(server.server, 'disconnect'), setImmediate()]);
  }
}

async function answer(question: WeighedServerQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'weigh':
      // What the records of the test's own server hold is none of the server's.
      for (const record of [server.secured, server.logins, server.transfers]) record.length = 0;
      for (const record of [server.refusals, server.limits, server.disconnects]) record.length = 0;
      return weigh();
    case 'idle':
      return idle();
    case 'watch listing':
      files?.watch(question.entries);
      return undefined;
    case 'go on':
      files?.goOn();
      return undefined;
    case 'listing':
      return files?.seen;
  }
}

process.on('message', (question: WeighedServerQuestion) => {
  answer(question).then(
    (value) => process.send?.({ value }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => {
  void server[Symbol.asyncDispose]();
});
const { host, port, caPem, implicit, user, password, root } = server;
process.send?.({ value: { host, port, caPem, implicit, user, password, root } });
