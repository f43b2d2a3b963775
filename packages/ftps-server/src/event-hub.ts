// Where every event goes: metrics, log, diagnostics channels, listeners. What fails there ends neither session nor process.
import diagnosticsChannel from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { logEvent } from './event-log.js';
import type { FaultEvent, FaultSource, ServerEvents } from './events.js';
import type { Logger } from './logger.js';
import type { MetricsRecorder } from './metrics.js';

/** What is published on a diagnostics channel: channels are the process's, so a message says whose event it is. */
export interface ServerEventMessage<Name extends keyof ServerEvents = keyof ServerEvents> {
  readonly server: EventEmitter<ServerEvents>;
  readonly event: ServerEvents[Name][0];
}

/** Name of the `node:diagnostics_channel` that gets a `ServerEventMessage` an event of this name. */
export function eventChannelName(event: keyof ServerEvents): string {
  return `ftps-kit:server:${event}`;
}

export class EventHub {
  readonly #emitter: EventEmitter<ServerEvents>;
  readonly #metrics: MetricsRecorder;
  readonly #logger: Logger | undefined;
  readonly #warnedOf = new Set<FaultSource>();

  constructor(emitter: EventEmitter<ServerEvents>, metrics: MetricsRecorder, logger: Logger | undefined) {
    this.#emitter = emitter;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** Tells everybody. Never throws. */
  emit<Name extends keyof ServerEvents>(name: Name, event: ServerEvents[Name][0]): void {
    this.#metrics.count(name, event);
    this.#log(name, event);
    const channel = diagnosticsChannel.channel(eventChannelName(name));
    if (channel.hasSubscribers) {
      channel.publish({ server: this.#emitter, event } satisfies ServerEventMessage<Name>);
    }
    // Not emitter.emit, which throws at the first listener that does and leaves the others out.
    for (const listener of this.#emitter.rawListeners(name)) this.#call(name, listener, event);
  }

  /** Something failed that no client is told of: it becomes the event `fault`, and a warning where nobody looks at those. */
  fault(where: FaultSource, error: unknown, about: Pick<FaultEvent, 'id' | 'client'> = NOBODY): void {
    const { id, client } = about;
    const fault = { id, client, where, error: error instanceof Error ? error : new Error(String(error)) };
    // Before: who listens once does not any more afterwards.
    const isHeard = this.#emitter.listenerCount('fault') > 0 || this.#logger !== undefined;
    this.emit('fault', fault);
    if (!isHeard) this.#warn(fault);
  }

  #log<Name extends keyof ServerEvents>(name: Name, event: ServerEvents[Name][0]): void {
    if (this.#logger === undefined) return;
    try {
      logEvent(this.#logger, name, event);
    } catch (error) {
      this.#failed('logger', name, error);
    }
  }

  #call(name: keyof ServerEvents, listener: object, event: object): void {
    if (typeof listener !== 'function') return;
    try {
      const result: unknown = Reflect.apply(listener, this.#emitter, [event]);
      if (result instanceof Promise) {
        result.catch((error: unknown) => {
          this.#failed('listener', name, error);
        });
      }
    } catch (error) {
      this.#failed('listener', name, error);
    }
  }

  /** Who fails at hearing of a fault is not told of that one as well. */
  #failed(where: FaultSource, name: keyof ServerEvents, error: unknown): void {
    const fault = { ...NOBODY, where, error: error instanceof Error ? error : new Error(String(error)) };
    if (name === 'fault') this.#warn(fault);
    else this.fault(where, fault.error);
  }

  /** Once for each source: a warning a login would only fill somebody's disk. */
  #warn({ where, error }: FaultEvent): void {
    if (this.#warnedOf.has(where)) return;
    this.#warnedOf.add(where);
    process.emitWarning(`${where}: ${error.message}`, {
      type: 'FtpsServerWarning',
      detail: "The server goes on. Listen to the event 'fault' to hear of each of these.",
    });
  }
}

const NOBODY = Object.freeze({ id: '', client: undefined });
