// Handle on a server in a process of its own, for what the memory of one has to say.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ServerLimits } from '@ftps-kit/ftps-server';
import type { RawTarget } from './raw-ftp-client.js';

export type WeighedServerQuestion =
  | { readonly ask: 'weigh' | 'idle' | 'go on' | 'listing' }
  | { readonly ask: 'watch listing'; readonly entries: number };

/** What is known of the listing that was watched last. */
export interface ListingWatch {
  /** Whether the directory was read to its end. */
  readonly ended: boolean;
  /** What the process held at most while it was read, beyond what it held when that began. */
  readonly growthBytes: number;
}

interface Started extends RawTarget {
  readonly root: string;
}

export class WeighedServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly target: Started;

  private constructor(child: ChildProcess, target: Started) {
    this.#child = child;
    this.target = target;
  }

  static async start(limits: Partial<ServerLimits> = {}): Promise<WeighedServer> {
    const child = fork(new URL('weighed-server-process.ts', import.meta.url), [JSON.stringify(limits)], {
      // Code that is thrown away when nobody runs it, and compiled anew, would be taken for what is weighed.
      execArgv: [...process.execArgv, '--expose-gc', '--no-flush-bytecode'],
    });
    return new WeighedServer(child, (await answerOf(child)) as Started);
  }

  /** Bytes of heap and of what hangs on it, once everything that can be collected was. */
  async weigh(): Promise<number> {
    return (await this.#ask({ ask: 'weigh' })) as number;
  }

  /** Resolves when no control connection is left. */
  async idle(): Promise<void> {
    await this.#ask({ ask: 'idle' });
  }

  /** From here on a listing of so many entries stops half way until `goOn`. */
  async watchListing(entries: number): Promise<void> {
    await this.#ask({ ask: 'watch listing', entries });
  }

  async goOn(): Promise<void> {
    await this.#ask({ ask: 'go on' });
  }

  async listing(): Promise<ListingWatch> {
    return (await this.#ask({ ask: 'listing' })) as ListingWatch;
  }

  #ask(question: WeighedServerQuestion): Promise<unknown> {
    const answer = answerOf(this.#child);
    this.#child.send(question);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    // It cleans up behind itself, and has nothing else to wait for.
    this.#child.disconnect();
    await ended;
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const given = new AbortController();
  const { signal } = given;
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), died(child, signal)])) as [
      { readonly value?: unknown },
    ];
    return message.value;
  } finally {
    given.abort();
  }
}

async function died(child: ChildProcess, signal: AbortSignal): Promise<never> {
  await once(child, 'exit', { signal });
  throw new Error('the process of the server has died');
}
