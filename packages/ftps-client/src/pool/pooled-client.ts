// A client as the pool keeps it: when it can be lent again, and when it is gone.
import type { FtpsClient } from '../client.js';
import type { Lendable } from './lending.js';

export class PooledClient implements Lendable {
  readonly client: FtpsClient;
  readonly #reconnects: boolean;

  constructor(client: FtpsClient, reconnects = false) {
    this.client = client;
    this.#reconnects = reconnects;
  }

  get isOpen(): boolean {
    return this.client.isOpen;
  }

  get isGone(): boolean {
    // A transfer that is tried again makes its login anew.
    return !this.#reconnects && !this.client.isOpen && this.client.isIdle;
  }

  get openStreams(): number {
    return this.client.openStreams;
  }

  get hasMoved(): boolean {
    // Who left a stream open there would keep the next one waiting.
    return this.client.hasChangedFolder || this.client.openStreams > 0;
  }

  keepAlive(): Promise<unknown> {
    return this.client.raw('NOOP');
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
