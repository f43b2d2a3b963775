// What a client tells of itself while it works, and the way it is told: a listener that throws breaks nothing.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { errorOf } from './errors.js';
import type { TransferResult } from './files/transfer-result.js';
import { warn } from './process-warning.js';
import type { Progress } from './transfer/progress.js';

/** The events of `FtpsClient`. Nothing secret is in any of them. */
export interface ClientEvents {
  /** A command was sent; the arguments of PASS and ACCT are left out. */
  command: [{ readonly line: string }];
  /** A reply came. */
  reply: [Reply];
  /** A download or an upload came to a good end. */
  transfer: [TransferEvent];
  /** Bytes moved, as `onProgress` is told. */
  progress: [ProgressEvent];
  /** Something is tried again, after `delayMs`. */
  retry: [RetryEvent];
  /** The login was lost, and stands again. */
  reconnect: [ReconnectEvent];
  /** TLS 1.2 has helped and is used with this host from now on, since its data connections did not resume under TLS 1.3. */
  pin: [PinEvent];
  /** TLS 1.2 does not help with this host any more: what the options allow is spoken again. */
  unpin: [UnpinEvent];
  /** A control connection ended: by `close()`, or because it was lost. */
  close: [CloseEvent];
}

/** What moves, and which way. */
export interface TransferSubject {
  readonly direction: 'download' | 'upload';
  readonly remotePath: string;
}

export interface TransferEvent extends TransferSubject {
  readonly result: TransferResult;
}

export interface ProgressEvent extends TransferSubject {
  readonly progress: Progress;
}

export interface RetryEvent {
  /** The attempt that comes next; 2 is the first that is called again. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Why the attempt before failed. */
  readonly error: Error;
}

export interface ReconnectEvent {
  readonly host: string;
  /** Why the connection before was lost. */
  readonly error: Error;
}

export interface PinEvent {
  readonly host: string;
  readonly version: '1.2';
}

export interface UnpinEvent {
  readonly host: string;
}

export interface CloseEvent {
  /** What ended it; after `close()` it says that the client was closed. */
  readonly error: Error;
}

/** Events by name, each with the one value that its listeners get. */
type EventMap<Events> = Record<keyof Events, [unknown]>;

/** Tells those who listen. Never throws. */
export type AnnounceOf<Events extends EventMap<Events>> = <Name extends keyof Events>(
  name: Name,
  event: Events[Name][0],
) => void;

export type Announce = AnnounceOf<ClientEvents>;

/** Where nobody can listen. */
export const announceNothing: Announce = () => undefined;

/** What is needed of an `EventEmitter`, whatever its events. */
interface Emitter {
  rawListeners(name: string): readonly unknown[];
}

/**
 * Calls every listener, also behind one that throws: what they throw, or reject with, becomes a warning of the process, and
 * neither ends a transfer nor the process.
 */
export function announcerOf<Events extends EventMap<Events>>(emitter: Emitter): AnnounceOf<Events> {
  return (name, event) => {
    for (const listener of emitter.rawListeners(String(name))) {
      if (typeof listener !== 'function') continue;
      try {
        const outcome: unknown = Reflect.apply(listener, emitter, [event]);
        if (outcome instanceof Promise)
          outcome.catch((error: unknown) => {
            tellOfListener(String(name), error);
          });
      } catch (error) {
        tellOfListener(String(name), error);
      }
    }
  };
}

function tellOfListener(name: string, thrown: unknown): void {
  warn(`a listener of the event '${name}' threw: ${errorOf(thrown).message}`);
}
