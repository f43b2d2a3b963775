// From a policy to the native binding's context.
import { ConfigError } from '../errors.js';
import type { ServerIdentity } from '../server-identity.js';
import type { ConnectionRole } from '../tls-channel.js';
import type { ClientPolicy, ServerPolicy, TlsPolicy } from '../tls-policy.js';
import { nativeBinding, PROTOCOL_NUMBER, type NativeContext, type NativeContextOptions } from './native-binding.js';

type SharedOptions = Omit<NativeContextOptions, 'server' | 'ca' | 'crl' | 'alpn'>;

/** A server's contexts for both kinds of connection. */
export type ServerContexts = Readonly<Record<ConnectionRole, NativeContext>>;

/** `identities` and `clientCrl` are those of the policy, or what has replaced them since. */
export function serverContexts(
  policy: ServerPolicy,
  identities: readonly ServerIdentity[],
  clientCrl: readonly string[],
): ServerContexts {
  const options = {
    ...sharedOptions(policy, identities),
    server: true,
    ca: policy.clientCa,
    crl: clientCrl,
    ticketLifetimeSeconds: policy.ticketLifetimeSeconds,
  };
  return {
    control: newContext({ ...options, alpn: encodeAlpn(policy.alpn), issuesSessions: true }),
    // A session that a stranger agreed on for a data connection must not vouch for the next one.
    data: newContext({ ...options, alpn: encodeAlpn(policy.dataAlpn), issuesSessions: false }),
  };
}

export function clientContext(policy: ClientPolicy): NativeContext {
  return newContext({
    ...sharedOptions(policy, policy.identity === undefined ? [] : [policy.identity]),
    server: false,
    alpn: encodeAlpn(policy.alpn),
    // Asked by nobody where the certificate is pinned, and Node's roots take a while to read.
    ca: policy.pins.length > 0 || policy.acceptAnyCertificate ? [] : policy.ca,
    crl: policy.crl,
    pins: Buffer.concat(policy.pins.map((pin) => Buffer.from(pin.replaceAll(':', ''), 'hex'))),
    acceptAny: policy.acceptAnyCertificate && policy.pins.length === 0,
  });
}

function sharedOptions(policy: TlsPolicy, identities: readonly ServerIdentity[]): SharedOptions {
  return {
    minVersion: PROTOCOL_NUMBER[policy.minVersion],
    maxVersion: PROTOCOL_NUMBER[policy.maxVersion],
    cipherSuites: policy.cipherSuites.join(':'),
    ciphers: policy.ciphers.join(':'),
    groups: policy.groups.join(':'),
    signatureAlgorithms: policy.signatureAlgorithms?.join(':') ?? '',
    logKeys: policy.logKeys !== undefined,
    identityChains: identities.map((identity) => identity.certPem),
    identityKeys: identities.map((identity) => identity.privateKeyPem()),
  };
}

/** RFC 7301 §3.1: each name behind a byte with its length. */
function encodeAlpn(names: readonly string[]): Uint8Array {
  return Buffer.concat(names.map((name) => Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name)])));
}

function newContext(options: NativeContextOptions): NativeContext {
  const { Context } = nativeBinding();
  try {
    return new Context(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`tls: OpenSSL does not take these options together (${why})`, { cause: error });
  }
}
