// A local folder in which the commit of an upload named `throws` throws at once, and that of one named `hangs` never ends.
import type { EventEmitter } from 'node:events';
import { LocalFileSystem, type WriteHandle, type WriteMode } from '@ftps-kit/ftps-server';

export interface CommitEvents {
  /** A commit that never ends begins. */
  hangs: [];
}

export class CommitFaults extends LocalFileSystem {
  readonly #events: EventEmitter<CommitEvents>;

  constructor(root: string, events: EventEmitter<CommitEvents>) {
    super(root);
    this.#events = events;
  }

  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    if (path.includes('hangs')) {
      file.commit = () => {
        this.#events.emit('hangs');
        return new Promise(() => undefined);
      };
    }
    if (path.includes('throws')) {
      file.commit = () => {
        throw new Error('no promise, but a fault');
      };
    }
    return file;
  }
}
