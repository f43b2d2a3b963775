// The client side of the openssl engine: one context for all connections, tickets in and out of the binding.
import { isIP } from 'node:net';
import { ClientBinding, type ClientBindingOptions } from '../control-binding.js';
import { withDeadline } from '../deadline.js';
import { publishHandshake } from '../diagnostics.js';
import type { TlsConnectOptions, TlsConnector } from '../engine.js';
import { ConfigError } from '../errors.js';
import { HANDSHAKE_TIMEOUT_MS } from '../limits.js';
import { settleControl, ticketToPresent, type PresentedTicket } from '../presented-ticket.js';
import type { TrustQuestion } from '../session-trust.js';
import type { SocketChannel } from '../socket-channel.js';
import { Ticket } from '../ticket.js';
import type { TlsChannel } from '../tls-channel.js';
import type { ClientPolicy } from '../tls-policy.js';
import { driveHandshake } from './drive-handshake.js';
import {
  nativeBinding,
  type NativeConnectionOptions,
  type NativeContext,
  type NativeSession,
} from './native-binding.js';
import { clientContext } from './native-context.js';
import { OpensslChannel } from './openssl-channel.js';
import { RecordLayer } from './record-layer.js';
import { SocketWire } from './socket-wire.js';
import { certificates, demandExtendedMasterSecret, summaryOf } from './summary.js';

const NOTHING = new Uint8Array(0);

export class OpensslConnector implements TlsConnector {
  readonly policy: ClientPolicy;
  readonly #context: NativeContext;

  constructor(policy: ClientPolicy) {
    this.policy = policy;
    this.#context = clientContext(policy);
  }

  newBinding(options: ClientBindingOptions = {}): ClientBinding {
    return new ClientBinding(options);
  }

  async connect(transport: SocketChannel, options: TlsConnectOptions): Promise<TlsChannel> {
    const { role, binding } = options;
    if (options.earlyData !== undefined && role === 'control') {
      throw new ConfigError('early data could be a replay: it is for data connections only');
    }
    const presented = ticketToPresent(options, this.#question(options));
    let channel: OpensslChannel | undefined;
    const { Connection, unacknowledgedBytes } = nativeBinding();
    const native = new Connection(this.#context, this.#connectionOptions(options, presented.ticket));
    const layer = new RecordLayer(native, new SocketWire(transport.takeSocket(), unacknowledgedBytes), {
      logKeys: this.policy.logKeys,
      onSessions: (sessions) => {
        for (const session of sessions) {
          const received = ticketOf(session, role);
          binding.tickets.insert(received);
          channel?.ticketCame(received);
        }
      },
    });
    const opening = this.#open(layer, presented, options).then((opened) => (channel = opened));
    try {
      return await withDeadline(
        'tls',
        { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, signal: options.signal },
        opening,
        () => {
          layer.wire.destroy();
        },
      );
    } catch (error) {
      layer.wire.closeAfterSending();
      layer.release();
      throw error;
    }
  }

  #question({ host }: TlsConnectOptions): TrustQuestion {
    return { engine: 'openssl', policy: this.policy, host };
  }

  #connectionOptions({ role, host }: TlsConnectOptions, ticket: Ticket | undefined): NativeConnectionOptions {
    // A name with a dot at its end is the same name, but neither SNI nor certificates have it.
    const name = (this.policy.serverName ?? host).replace(/\.$/, '');
    const checksName = this.policy.pins.length === 0 && !this.policy.acceptAnyCertificate;
    const isAddress = isIP(name) !== 0;
    return {
      releaseBuffers: role === 'control',
      // RFC 6066 §3: an address is not a server name.
      ...(isAddress ? {} : { serverName: name }),
      // OpenSSL checks the name while it checks the chain: a wrong server gets an alert, and not one byte of ours.
      ...(checksName ? (isAddress ? { verifyAddress: name } : { verifyHost: name }) : {}),
      ...(ticket === undefined ? {} : { session: ticket.sessionForEngine() }),
    };
  }

  async #open(layer: RecordLayer, presented: PresentedTicket, options: TlsConnectOptions): Promise<OpensslChannel> {
    const startedAt = performance.now();
    const { role, binding, earlyData = NOTHING } = options;
    const { native, wire } = layer;
    const { ticket, trust } = presented;
    const early = Math.min(earlyData.length, ticket?.maxEarlyDataBytes ?? 0);
    if (early > 0) await driveHandshake(layer, 'server', () => native.writeEarlyData(earlyData, 0, early));
    await driveHandshake(layer, 'server', () => native.handshake(wire.input, wire.from, wire.to));
    const agreed = native.summary();
    demandExtendedMasterSecret(agreed, 'server');
    const handshake = summaryOf(native, agreed, {
      role,
      ticketSource: ticket?.source,
      verdict: undefined,
      knownPeer: trust?.peerCertificates ?? binding.peerCertificates,
    });
    if (role === 'control') {
      const verified = agreed.resumed ? [] : certificates(native.verifiedPeer().chain);
      settleControl(binding, { handshake, presented, question: this.#question(options), verified });
    }
    publishHandshake({ engine: 'openssl', side: 'client', handshake, durationMs: performance.now() - startedAt });
    const channel = new OpensslChannel({ layer, handshake, peer: 'server' });
    // RFC 8446 §4.2.10: refused early data is as if never sent, and goes before everything else.
    const rest = handshake.earlyData === 'accepted' ? earlyData.subarray(early) : earlyData;
    if (rest.length > 0) await channel.write(rest);
    return channel;
  }
}

function ticketOf(session: NativeSession, source: Ticket['source']): Ticket {
  return new Ticket({
    session: session.session,
    protocol: session.tls13 ? 'TLSv1.3' : 'TLSv1.2',
    source,
    receivedAt: Date.now(),
    // TLS 1.2 sessions without a ticket have no lifetime that a client could see.
    ...(session.lifetimeSeconds > 0 ? { lifetimeSeconds: session.lifetimeSeconds } : {}),
    maxEarlyDataBytes: session.maxEarlyDataBytes,
  });
}
