// The server side of the portable engine: a SecureContext of its own for each control connection.
import { setImmediate } from 'node:timers/promises';
import tls from 'node:tls';
import { ServerBinding, type HandshakeEvidence } from '../control-binding.js';
import { withDeadline } from '../deadline.js';
import { publishHandshake } from '../diagnostics.js';
import type { AcceptOptions, TlsAcceptor } from '../engine.js';
import { ConfigError } from '../errors.js';
import { handshakeFailure } from '../handshake-failure.js';
import { HANDSHAKE_TIMEOUT_MS } from '../limits.js';
import type { ServerIdentity } from '../server-identity.js';
import type { SocketChannel } from '../socket-channel.js';
import type { TlsChannel } from '../tls-channel.js';
import type { ServerPolicy } from '../tls-policy.js';
import { CiphertextStream } from './ciphertext-stream.js';
import { ControlSessions } from './control-sessions.js';
import { handshakeDone } from './handshake-done.js';
import { logKeysOf } from './log-keys.js';
import { NodeChannel } from './node-channel.js';
import { secureContext } from './secure-context.js';
import { summaryOf } from './summary.js';

export class NodeAcceptor implements TlsAcceptor {
  readonly policy: ServerPolicy;
  #identity: ServerIdentity;
  /** Gone with its binding, and with it the keys of the tickets. */
  readonly #sessions = new WeakMap<ServerBinding, ControlSessions>();

  constructor(policy: ServerPolicy) {
    refuseWhatNodeCannot(policy);
    this.policy = policy;
    this.#identity = policy.identities[0];
    // Made once to be thrown away: options that OpenSSL refuses must fail at start, not at the first login.
    this.#newContext({});
  }

  newBinding(): ServerBinding {
    return new ServerBinding({ redeem: this.policy.redeem, lifetimeSeconds: this.policy.ticketLifetimeSeconds });
  }

  replaceIdentities(identities: readonly [ServerIdentity, ...ServerIdentity[]]): void {
    refuseSeveral(identities);
    this.#identity = identities[0];
  }

  replaceClientCrl(): void {
    refuse('ask for client certificates, nor check them (tls.clientCrl)');
  }

  async accept(transport: SocketChannel, options: AcceptOptions): Promise<TlsChannel> {
    const startedAt = performance.now();
    const { role, binding } = options;
    const sessions = this.#sessionsOf(binding);
    const ciphertext = new CiphertextStream(transport.takeSocket());
    const tlsSocket = new tls.TLSSocket(ciphertext, {
      isServer: true,
      ...sessions.socketOptions(role),
      ALPNProtocols: [...(role === 'data' ? this.policy.dataAlpn : this.policy.alpn)],
    });
    transport.ownedBy(tlsSocket);
    ciphertext.carries(tlsSocket);
    logKeysOf(tlsSocket, this.policy.logKeys);
    await withDeadline(
      'tls',
      { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, signal: options.signal },
      // A TLSSocket outside a tls.Server tells of a failed handshake by '_tlsError' only.
      handshakeDone(tlsSocket, ciphertext, 'client', { success: 'secure', failures: ['error', '_tlsError'] }),
      () => tlsSocket.destroy(),
    );
    // node:tls tells of the handshake before OpenSSL has written the tickets that follow it. What is sent at once would go
    // in front of them, and clients that look for tickets before they read anything (GnuTLS) would find none.
    await setImmediate();
    // It may have broken meanwhile, and then tells nothing of its handshake.
    if (tlsSocket.destroyed) throw handshakeFailure('client');
    const verdict = role === 'data' ? binding.judge(evidenceOf(tlsSocket, sessions)) : undefined;
    const handshake = summaryOf(tlsSocket, { role, verdict });
    publishHandshake({ engine: 'node', side: 'server', handshake, durationMs: performance.now() - startedAt });
    return new NodeChannel(tlsSocket, ciphertext, handshake, 'client');
  }

  #sessionsOf(binding: ServerBinding): ControlSessions {
    const known = this.#sessions.get(binding);
    if (known !== undefined) return known;
    const sessions = new ControlSessions(binding, this.policy.ticketLifetimeSeconds, (options) =>
      this.#newContext(options),
    );
    this.#sessions.set(binding, sessions);
    return sessions;
  }

  #newContext(options: tls.SecureContextOptions): tls.SecureContext {
    return secureContext(this.policy, this.#identity, options);
  }
}

function evidenceOf(tlsSocket: tls.TLSSocket, sessions: ControlSessions): HandshakeEvidence {
  if (!tlsSocket.isSessionReused()) return { resumed: false };
  return sessions.beganHere(tlsSocket) ? { resumed: true } : { resumed: false, refusedTicket: 'foreign' };
}

function refuseWhatNodeCannot(policy: ServerPolicy): void {
  if (policy.redeem === 'once') refuse('redeem tickets once (tls.redeem)');
  if (policy.loginTickets !== 2) refuse('send another number of tickets than 2 (tls.loginTickets)');
  if (policy.maxEarlyDataBytes > 0) refuse('take early data (tls.maxEarlyDataBytes)');
  if (policy.clientCertificates !== 'none') refuse('ask for client certificates (tls.clientCertificates)');
  if (policy.clientCrl.length > 0) refuse('ask for client certificates, nor check them (tls.clientCrl)');
  refuseSeveral(policy.identities);
}

function refuse(what: string): never {
  throw new ConfigError(`the node engine cannot ${what}; the openssl engine can`);
}

function refuseSeveral(identities: readonly ServerIdentity[]): void {
  if (identities.length > 1) {
    throw new ConfigError(
      'the node engine cannot choose among several identities (tls.identities); the openssl engine can',
    );
  }
}
