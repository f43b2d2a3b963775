// The client side of the portable engine: one context for all connections, sessions from the binding's tickets.
import { isIP } from 'node:net';
import tls from 'node:tls';
import { ClientBinding, type ClientBindingOptions } from '../control-binding.js';
import { withDeadline } from '../deadline.js';
import { publishHandshake } from '../diagnostics.js';
import type { TlsConnectOptions, TlsConnector } from '../engine.js';
import { CertificateError, ConfigError } from '../errors.js';
import { HANDSHAKE_TIMEOUT_MS } from '../limits.js';
import { settleControl, ticketToPresent } from '../presented-ticket.js';
import type { TrustQuestion } from '../session-trust.js';
import type { SocketChannel } from '../socket-channel.js';
import { Ticket } from '../ticket.js';
import type { TlsChannel } from '../tls-channel.js';
import type { ClientPolicy } from '../tls-policy.js';
import { CiphertextStream } from './ciphertext-stream.js';
import { handshakeDone } from './handshake-done.js';
import { logKeysOf } from './log-keys.js';
import { NodeChannel } from './node-channel.js';
import { secureContext } from './secure-context.js';
import { SessionField, sessionNumber } from './session-der.js';
import { protocolOf, summaryOf } from './summary.js';

export class NodeConnector implements TlsConnector {
  readonly policy: ClientPolicy;
  readonly #context: tls.SecureContext;

  constructor(policy: ClientPolicy) {
    this.policy = policy;
    this.#context = secureContext(policy, policy.identity, {
      ca: [...policy.ca],
      ...(policy.crl.length === 0 ? {} : { crl: [...policy.crl] }),
    });
  }

  newBinding(options: ClientBindingOptions = {}): ClientBinding {
    return new ClientBinding(options);
  }

  async connect(transport: SocketChannel, options: TlsConnectOptions): Promise<TlsChannel> {
    const startedAt = performance.now();
    const { role, binding, host } = options;
    if (options.earlyData !== undefined) {
      throw new ConfigError('the node engine cannot send early data; the openssl engine can');
    }
    const question: TrustQuestion = { engine: 'node', policy: this.policy, host };
    const presented = ticketToPresent(options, question);
    const { ticket, trust } = presented;
    const ciphertext = new CiphertextStream(transport.takeSocket());
    const name = this.policy.serverName ?? host;
    const tlsSocket = tls.connect({
      socket: ciphertext,
      secureContext: this.#context,
      // Newer Nodes bind a session to the host it was made with: both kinds of connection must name the same one.
      host: name,
      // RFC 6066 §3: an address is not a server name; Node 26 throws for one.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ALPNProtocols: [...this.policy.alpn],
      rejectUnauthorized: this.policy.pins.length === 0 && !this.policy.acceptAnyCertificate,
      ...(ticket === undefined ? {} : { session: Buffer.from(ticket.sessionForEngine()) }),
    });
    transport.ownedBy(tlsSocket);
    ciphertext.carries(tlsSocket);
    const channel = new LateChannel();
    tlsSocket.on('session', (session: Buffer) => {
      const received = new Ticket({
        session,
        protocol: protocolOf(tlsSocket),
        source: role,
        receivedAt: Date.now(),
        lifetimeSeconds: sessionNumber(session, SessionField.lifetimeHint),
      });
      binding.tickets.insert(received);
      channel.ticketCame(received);
    });
    logKeysOf(tlsSocket, this.policy.logKeys);
    await withDeadline(
      'tls',
      { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, signal: options.signal },
      handshakeDone(tlsSocket, ciphertext, 'server', { success: 'secureConnect', failures: ['error'] }),
      () => tlsSocket.destroy(),
    );
    const knownPeer = trust?.peerCertificates ?? binding.peerCertificates;
    const handshake = summaryOf(tlsSocket, { role, ticket, knownPeer, serverName: name });
    if (!handshake.resumed) this.#checkPins(tlsSocket, handshake.peerCertificates[0]?.fingerprint256);
    if (role === 'control') settleControl(binding, { handshake, presented, question });
    publishHandshake({ engine: 'node', side: 'client', handshake, durationMs: performance.now() - startedAt });
    return channel.arrive(new NodeChannel(tlsSocket, ciphertext, handshake, 'server'));
  }

  #checkPins(tlsSocket: tls.TLSSocket, fingerprint: string | undefined): void {
    const { pins } = this.policy;
    if (pins.length === 0 || (fingerprint !== undefined && pins.includes(fingerprint))) return;
    tlsSocket.destroy();
    throw new CertificateError(
      `the server's certificate has the fingerprint ${fingerprint ?? 'of none'}, which is not the pinned one`,
      'PIN_MISMATCH',
    );
  }
}

/** Tickets may come before the channel is there to be told. */
class LateChannel {
  #early: Ticket[] = [];
  #channel: NodeChannel | undefined;

  ticketCame(ticket: Ticket): void {
    if (this.#channel === undefined) this.#early.push(ticket);
    else this.#channel.ticketCame(ticket);
  }

  arrive(channel: NodeChannel): NodeChannel {
    this.#channel = channel;
    for (const ticket of this.#early) channel.ticketCame(ticket);
    this.#early = [];
    return channel;
  }
}
