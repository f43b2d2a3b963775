// The portable engine: node:tls, wherever Node runs.
import type { EngineCapabilities, TlsEngine } from '../engine.js';
import type { ClientPolicy, ServerPolicy } from '../tls-policy.js';
import { NodeAcceptor } from './node-acceptor.js';
import { NodeConnector } from './node-connector.js';

/** What node:tls has no way to do is false; see `EngineCapabilities`. */
const CAPABILITIES: EngineCapabilities = Object.freeze({
  ticketsOnDemand: false,
  redeemOnce: false,
  seesRefusedTickets: false,
  clientCertificates: false,
  postHandshakeAuth: false,
  earlyData: false,
  secureClosure: true,
  keyUpdate: false,
  serverNames: false,
  returnsToClear: false,
});

export const nodeEngine: TlsEngine = Object.freeze({
  name: 'node',
  description: `node (node:tls, OpenSSL ${process.versions.openssl})`,
  capabilities: CAPABILITIES,
  acceptor: (policy: ServerPolicy) => new NodeAcceptor(policy),
  connector: (policy: ClientPolicy) => new NodeConnector(policy),
});
