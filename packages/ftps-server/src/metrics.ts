// What a server counts, from its events; and the same in Prometheus's text format.
import { TimeoutError, TlsError, type BindingVerdict } from '@ftps-kit/tls-core';
import type { RefusalReason, ServerEvents, TransferDirection } from './events.js';
import { DEFAULT_LIMITS, type LimitName } from './limits.js';

/** Things at this moment. */
export interface ServerGauges {
  /** Since the server was made. */
  readonly uptimeSeconds: number;
  /** Control connections. */
  readonly connections: number;
  /** Control connections on which somebody is logged in. */
  readonly sessions: number;
  readonly transfers: number;
  /** Ports that listen for a data connection. */
  readonly passivePorts: number;
  /** When the first of the server's certificates ends, seconds since the epoch. */
  readonly certificateExpiresAt: number;
}

/** Things since the server was made. */
export interface ServerCounters {
  readonly connections: number;
  readonly logins: Readonly<Record<'accepted' | 'refused', number>>;
  /** TLS handshakes, of both kinds of connection. */
  readonly handshakes: Readonly<Record<'full' | 'resumed' | 'failed', number>>;
  /** Transfers and listings, by what became of them. */
  readonly transfers: Readonly<Record<'succeeded' | 'failed', number>>;
  /** Bytes of files and listings on data connections. */
  readonly bytes: Readonly<Record<TransferDirection, number>>;
  /** Verdicts on data connections. */
  readonly verdicts: Readonly<Record<BindingVerdict, number>>;
  readonly refusals: Readonly<Record<RefusalReason, number>>;
  /** How often each limit was met. */
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly faults: number;
}

/** What `server.metrics()` gives: plain numbers, which a later call does not change. */
export interface ServerMetrics {
  readonly gauges: ServerGauges;
  readonly counters: ServerCounters;
}

const REFUSAL_REASONS: Readonly<Record<RefusalReason, number>> = {
  'plaintext-injection': 0,
  'not-bound': 0,
  stranger: 0,
  bounce: 0,
  'foreign-protocol': 0,
  'untrusted-proxy': 0,
  'proxy-header': 0,
};

export class MetricsRecorder {
  readonly #startedAt = performance.now();
  #connections = 0;
  #faults = 0;
  readonly #logins = { accepted: 0, refused: 0 };
  readonly #handshakes = { full: 0, resumed: 0, failed: 0 };
  readonly #transfers = { succeeded: 0, failed: 0 };
  readonly #bytes: Record<TransferDirection, number> = { received: 0, sent: 0 };
  readonly #verdicts: Record<BindingVerdict, number> = { bound: 0, 'full-handshake': 0, foreign: 0, replayed: 0 };
  readonly #refusals: Record<RefusalReason, number> = { ...REFUSAL_REASONS };
  readonly #limits: Record<LimitName, number> = zeroed(DEFAULT_LIMITS);

  readonly #counts: { readonly [Name in keyof ServerEvents]?: (event: ServerEvents[Name][0]) => void } = {
    connection: () => (this.#connections += 1),
    secured: ({ handshake }) => (this.#handshakes[handshake.resumed ? 'resumed' : 'full'] += 1),
    login: ({ accepted }) => (this.#logins[accepted ? 'accepted' : 'refused'] += 1),
    verdict: ({ verdict, handshake }) => {
      this.#verdicts[verdict] += 1;
      this.#handshakes[handshake.resumed ? 'resumed' : 'full'] += 1;
    },
    transfer: ({ bytes, direction, replyCode, error, handshake }) => {
      this.#transfers[replyCode < 300 ? 'succeeded' : 'failed'] += 1;
      this.#bytes[direction] += bytes;
      if (handshake === undefined) this.#handshakeFailed(error);
    },
    refusal: ({ reason }) => (this.#refusals[reason] += 1),
    limit: ({ limit }) => (this.#limits[limit] += 1),
    disconnect: ({ error }) => {
      this.#handshakeFailed(error);
    },
    fault: () => (this.#faults += 1),
  };

  count<Name extends keyof ServerEvents>(name: Name, event: ServerEvents[Name][0]): void {
    this.#counts[name]?.(event);
  }

  snapshot(gauges: Omit<ServerGauges, 'uptimeSeconds'>): ServerMetrics {
    return {
      gauges: { uptimeSeconds: (performance.now() - this.#startedAt) / 1000, ...gauges },
      counters: {
        connections: this.#connections,
        logins: { ...this.#logins },
        handshakes: { ...this.#handshakes },
        transfers: { ...this.#transfers },
        bytes: { ...this.#bytes },
        verdicts: { ...this.#verdicts },
        refusals: { ...this.#refusals },
        limits: { ...this.#limits },
        faults: this.#faults,
      },
    };
  }

  #handshakeFailed(error: Error | undefined): void {
    if (error instanceof TlsError || (error instanceof TimeoutError && error.phase === 'tls')) {
      this.#handshakes.failed += 1;
    }
  }
}

function zeroed<K extends string>(keys: Readonly<Record<K, unknown>>): Record<K, number> {
  return Object.fromEntries(Object.keys(keys).map((key) => [key, 0])) as Record<K, number>;
}
