// The server side of the openssl engine: one context for all, one explicit ticket store for each control connection.
import { ServerBinding } from '../control-binding.js';
import { withDeadline } from '../deadline.js';
import { publishHandshake } from '../diagnostics.js';
import type { AcceptOptions, TlsAcceptor } from '../engine.js';
import { ConfigError } from '../errors.js';
import { HANDSHAKE_TIMEOUT_MS, RETURNING_CLIENT_TICKETS } from '../limits.js';
import type { ServerIdentity } from '../server-identity.js';
import { ServerTickets } from '../server-tickets.js';
import type { SocketChannel } from '../socket-channel.js';
import type { TlsChannel } from '../tls-channel.js';
import { parseClientCrl, type ServerPolicy } from '../tls-policy.js';
import { driveHandshake } from './drive-handshake.js';
import { nativeBinding, Status, type NativeSession, type NativeSummary } from './native-binding.js';
import { serverContexts, type ServerContexts } from './native-context.js';
import { OpensslChannel } from './openssl-channel.js';
import { RecordLayer } from './record-layer.js';
import { Redemptions } from './redemptions.js';
import { SocketWire } from './socket-wire.js';
import { demandExtendedMasterSecret, summaryOf } from './summary.js';

const NOTHING = new Uint8Array(0);

/** What the handshake of a data connection brought besides itself. */
interface Opening {
  readonly earlyData: Uint8Array;
  readonly awaitsFinished: boolean;
}

export class OpensslAcceptor implements TlsAcceptor {
  readonly policy: ServerPolicy;
  #identities: readonly ServerIdentity[];
  #clientCrl: readonly string[];
  #contexts: ServerContexts;
  /** The contexts with the identity that a control connection was shown; its data connections show the same. */
  readonly #shown = new WeakMap<ServerBinding, ServerContexts>();
  /** For control connections of clients that return. It never vouches for a data connection. */
  readonly #returning: ServerTickets;

  constructor(policy: ServerPolicy) {
    this.policy = policy;
    this.#identities = policy.identities;
    this.#clientCrl = policy.clientCrl;
    this.#contexts = serverContexts(policy, this.#identities, this.#clientCrl);
    this.#returning = new ServerTickets({
      redeem: policy.redeem,
      laterCapacity: RETURNING_CLIENT_TICKETS,
      lifetimeSeconds: policy.ticketLifetimeSeconds,
    });
  }

  newBinding(): ServerBinding {
    return new ServerBinding({ redeem: this.policy.redeem, lifetimeSeconds: this.policy.ticketLifetimeSeconds });
  }

  replaceIdentities(identities: readonly [ServerIdentity, ...ServerIdentity[]]): void {
    this.#contexts = serverContexts(this.policy, identities, this.#clientCrl);
    this.#identities = identities;
  }

  replaceClientCrl(crl: string | readonly string[]): void {
    if (this.policy.clientCa.length === 0) {
      throw new ConfigError('tls.clientCrl: needs the roots that issued it, in tls.clientCa');
    }
    const parsed = parseClientCrl(crl);
    this.#contexts = serverContexts(this.policy, this.#identities, parsed);
    this.#clientCrl = parsed;
  }

  async accept(transport: SocketChannel, options: AcceptOptions): Promise<TlsChannel> {
    const startedAt = performance.now();
    const { role, binding } = options;
    let atLogin = true;
    const layer = this.#newLayer(transport, options, (sessions) => {
      if (role === 'control') this.#keep(binding, sessions, atLogin);
    });
    const redemptions = new Redemptions(role === 'data' ? binding.tickets : this.#returning);
    try {
      const opening = await withDeadline(
        'tls',
        { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, signal: options.signal },
        role === 'data' ? this.#openData(layer, redemptions, options) : this.#openControl(layer, redemptions),
        () => {
          layer.wire.destroy();
        },
      );
      const agreed = layer.native.summary();
      demandExtendedMasterSecret(agreed, 'client');
      if (role === 'control' && agreed.resumed) this.#welcomeBack(layer, binding, redemptions, agreed);
      atLogin = false;
      const verdict =
        role === 'data' ? binding.judge({ resumed: agreed.resumed, refusedTicket: redemptions.refused }) : undefined;
      const knownPeer = role === 'data' ? binding.peerCertificates : [];
      const handshake = summaryOf(layer.native, agreed, { role, ticketSource: undefined, verdict, knownPeer });
      if (role === 'control') binding.peerCertificates = handshake.peerCertificates;
      publishHandshake({ engine: 'openssl', side: 'server', handshake, durationMs: performance.now() - startedAt });
      return new OpensslChannel({
        layer,
        handshake,
        peer: 'client',
        checksClients: this.policy.clientCa.length > 0,
        ...opening,
      });
    } catch (error) {
      layer.wire.closeAfterSending();
      layer.release();
      throw error;
    }
  }

  #newLayer(
    transport: SocketChannel,
    { role, binding }: AcceptOptions,
    onSessions: (sessions: readonly NativeSession[]) => void,
  ): RecordLayer {
    const { loginTickets, maxEarlyDataBytes, clientCertificates, logKeys } = this.policy;
    const { Connection, unacknowledgedBytes } = nativeBinding();
    const native = new Connection(this.#contextsOf(binding)[role], {
      releaseBuffers: role === 'control',
      // Clients that never read on an upload's data connection reset it when a ticket lies there at its close.
      tickets: role === 'control' ? loginTickets : 0,
      maxEarlyDataBytes,
      clientCertificates: role === 'control' ? clientCertificates : 'none',
    });
    return new RecordLayer(native, new SocketWire(transport.takeSocket(), unacknowledgedBytes), {
      onSessions,
      logKeys,
    });
  }

  async #openControl(layer: RecordLayer, { redeem }: Redemptions): Promise<Opening> {
    const { native, wire } = layer;
    await driveHandshake(layer, 'client', () => native.handshake(wire.input, wire.from, wire.to, redeem));
    return { earlyData: NOTHING, awaitsFinished: false };
  }

  async #openData(
    layer: RecordLayer,
    redemptions: Redemptions,
    { sendsBeforeFinished }: AcceptOptions,
  ): Promise<Opening> {
    const { native, wire } = layer;
    const { redeem } = redemptions;
    // OpenSSL refuses more than is allowed; the byte of room behind it lets the last call say that it was the last.
    const into = Buffer.allocUnsafeSlow(this.policy.maxEarlyDataBytes + 1);
    let early = 0;
    for (;;) {
      const status = await driveHandshake(layer, 'client', () =>
        native.readEarlyData(wire.input, wire.from, wire.to, into.subarray(early), redeem),
      );
      early += layer.produced;
      if (status === Status.earlyDataOver) break;
    }
    const agreed = native.summary();
    const isFresh = early === 0 && agreed.tls13 && agreed.resumed && redemptions.redeemed?.first === true;
    if (isFresh && sendsBeforeFinished?.() === true) {
      return { earlyData: NOTHING, awaitsFinished: true };
    }
    await driveHandshake(layer, 'client', () => native.handshake(wire.input, wire.from, wire.to, redeem));
    return { earlyData: into.subarray(0, early), awaitsFinished: false };
  }

  /** OpenSSL gives less to a client that returns than at its first login; its data connections need as much. */
  #welcomeBack(layer: RecordLayer, binding: ServerBinding, { redeemed }: Redemptions, { tls13 }: NativeSummary): void {
    if (tls13) {
      // One ticket at most went out by itself.
      for (let sent = 1; sent < this.policy.loginTickets; ++sent) layer.settle(layer.native.issueTicket());
    } else if (redeemed !== undefined) {
      // Under TLS 1.2 the session goes on under its old name, which the new binding does not know yet.
      binding.tickets.issue(redeemed.name, redeemed.session, { atLogin: true, reusable: true });
    }
  }

  /** What was issued on a control connection binds its data connections, and lets its client return. */
  #keep(binding: ServerBinding, sessions: readonly NativeSession[], atLogin: boolean): void {
    for (const { name, session, tls13, namesPeer } of sessions) {
      if (!binding.closed) binding.tickets.issue(name, session, { atLogin, reusable: !tls13 });
      // Who showed a certificate proves its key anew at each login: it may be revoked or expired by then.
      if (!namesPeer) this.#returning.issue(name, session, { atLogin: false, reusable: !tls13 });
    }
  }

  #contextsOf(binding: ServerBinding): ServerContexts {
    const known = this.#shown.get(binding) ?? this.#contexts;
    this.#shown.set(binding, known);
    return known;
  }
}
