// The engine on the OpenSSL that Node carries, where the native binding loads.
import type { EngineCapabilities, TlsEngine } from '../engine.js';
import type { ClientPolicy, ServerPolicy } from '../tls-policy.js';
import { nativeBinding } from './native-binding.js';
import { OpensslAcceptor } from './openssl-acceptor.js';
import { OpensslConnector } from './openssl-connector.js';

const CAPABILITIES: EngineCapabilities = Object.freeze({
  ticketsOnDemand: true,
  redeemOnce: true,
  seesRefusedTickets: true,
  clientCertificates: true,
  postHandshakeAuth: true,
  earlyData: true,
  secureClosure: true,
  keyUpdate: true,
  serverNames: true,
  returnsToClear: true,
});

/** The engine. Throws `ConfigError` that says why the binding does not load. */
export function opensslEngine(): TlsEngine {
  nativeBinding();
  return Object.freeze({
    name: 'openssl',
    description: `openssl (OpenSSL ${process.versions.openssl} inside Node, native binding)`,
    capabilities: CAPABILITIES,
    acceptor: (policy: ServerPolicy) => new OpensslAcceptor(policy),
    connector: (policy: ClientPolicy) => new OpensslConnector(policy),
  });
}
