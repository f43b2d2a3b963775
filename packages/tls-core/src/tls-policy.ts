// Options in, one frozen policy out: what TLS this side speaks, and whom it trusts. Nothing here does TLS.
import tls from 'node:tls';
import { ConfigError } from './errors.js';
import { TICKET_LIFETIME_SECONDS } from './limits.js';
import { flag, knownKeys, oneOf, optionalFunction, optionalText, textList, wholeNumber } from './option-checks.js';
import { ServerIdentity } from './server-identity.js';
import {
  CIPHERS,
  CIPHER_SUITES,
  GROUPS,
  SIGNATURE_ALGORITHMS,
  type Cipher,
  type CipherSuite,
  type Group,
  type SignatureAlgorithm,
} from './tls-names.js';

/** The TLS versions a side offers. Never below 1.2. */
export type TlsVersions = '1.3' | '1.2' | '1.2+1.3';

/** What client and server policies have in common. Every list is in order of preference. */
export interface TlsPolicyOptions {
  /** Default `1.2+1.3`, where TLS 1.3 is preferred. */
  readonly versions?: TlsVersions | undefined;
  /** TLS 1.3 cipher suites. Default: AES-256-GCM, ChaCha20-Poly1305, AES-128-GCM. */
  readonly cipherSuites?: readonly CipherSuite[] | undefined;
  /** TLS 1.2 ciphers. Default: all of ECDHE with AEAD. */
  readonly ciphers?: readonly Cipher[] | undefined;
  /** Key exchange groups. Default: P-256, X25519, P-384, P-521. */
  readonly groups?: readonly Group[] | undefined;
  /** Signature algorithms this side accepts and makes. Default: OpenSSL's. */
  readonly signatureAlgorithms?: readonly SignatureAlgorithm[] | undefined;
  /**
   * Application protocols (RFC 7301). Default: `ftp`. A client offers them on both kinds of connection; a server takes
   * `ftp-data` as well on data connections, and ends the handshake where something was offered and nothing is common.
   */
  readonly alpn?: readonly string[] | undefined;
  /** DANGEROUS: gets every connection's keys in NSS key log format, for a packet analyser. Default: off. */
  readonly dangerouslyLogKeys?: ((line: string) => void) | undefined;
}

/** How a client decides whether the server is the right one. */
export interface TrustOptions {
  /** Trusted roots, PEM. They replace Node's bundled ones unless `bundledRoots` is true. */
  readonly ca?: string | readonly string[] | undefined;
  /** Trust Node's bundled roots. Default: true without `ca`, false with it. */
  readonly bundledRoots?: boolean | undefined;
  /** Certificate revocation lists, PEM. */
  readonly crl?: string | readonly string[] | undefined;
  /**
   * SHA-256 fingerprints (64 hexadecimal digits, colons allowed) of server certificates. With them the server's
   * certificate must be one of these, and then is trusted as it is: neither chain, name nor dates are asked.
   */
  readonly pins?: readonly string[] | undefined;
  /** DANGEROUS: anybody may sit between you and the server. Default: false. */
  readonly dangerouslyAcceptAnyCertificate?: boolean | undefined;
}

/** TLS options of a client. */
export interface ClientTlsOptions extends TlsPolicyOptions, TrustOptions {
  /** Name to check the certificate for and to send as SNI. Default: the host connected to. */
  readonly serverName?: string | undefined;
  /** Certificate and key to show when the server asks. Default: none. */
  readonly identity?: ServerIdentity | undefined;
}

/** TLS options of a server. */
export interface ServerTlsOptions extends TlsPolicyOptions {
  /** What the server shows; with several, SNI chooses, and the first serves clients that send none. */
  readonly identities: readonly ServerIdentity[];
  /** Whether clients are asked for a certificate in the handshake of the control connection. Default `none`. */
  readonly clientCertificates?: 'none' | 'optional' | 'required' | undefined;
  /** Roots that client certificates must chain to, PEM. Needed unless `clientCertificates` is `none`. */
  readonly clientCa?: string | readonly string[] | undefined;
  /**
   * Certificate revocation lists for client certificates, PEM. With one, every certificate of a chain needs a list of its
   * issuer that is in force. Default: none.
   */
  readonly clientCrl?: string | readonly string[] | undefined;
  /** Whether a ticket serves more than one data connection. Default `reusable`: most clients in the field need it. */
  readonly redeem?: 'once' | 'reusable' | undefined;
  /** Tickets sent when a control connection is up. Default 2. */
  readonly loginTickets?: number | undefined;
  /** Largest 0-RTT early data a client may send on a data connection, bytes. Default 0: none. */
  readonly maxEarlyDataBytes?: number | undefined;
}

/** The parsed part that both sides share. */
export interface TlsPolicy {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly cipherSuites: readonly CipherSuite[];
  readonly ciphers: readonly Cipher[];
  readonly groups: readonly Group[];
  readonly signatureAlgorithms: readonly SignatureAlgorithm[] | undefined;
  readonly alpn: readonly string[];
  readonly logKeys: ((line: string) => void) | undefined;
}

/** A client's parsed, defaulted and frozen policy. */
export interface ClientPolicy extends TlsPolicy {
  readonly ca: readonly string[];
  readonly crl: readonly string[];
  /** Upper-case hexadecimal with colons, as `X509Certificate.fingerprint256` writes it. */
  readonly pins: readonly string[];
  readonly acceptAnyCertificate: boolean;
  readonly serverName: string | undefined;
  readonly identity: ServerIdentity | undefined;
}

/** A server's parsed, defaulted and frozen policy. */
export interface ServerPolicy extends TlsPolicy {
  /** What data connections may agree on; `alpn` is for control connections. */
  readonly dataAlpn: readonly string[];
  readonly identities: readonly [ServerIdentity, ...ServerIdentity[]];
  readonly clientCertificates: 'none' | 'optional' | 'required';
  readonly clientCa: readonly string[];
  readonly clientCrl: readonly string[];
  readonly redeem: 'once' | 'reusable';
  readonly loginTickets: number;
  readonly maxEarlyDataBytes: number;
  readonly ticketLifetimeSeconds: number;
}

const SHARED_KEYS = [
  'versions',
  'cipherSuites',
  'ciphers',
  'groups',
  'signatureAlgorithms',
  'alpn',
  'dangerouslyLogKeys',
] as const satisfies readonly (keyof TlsPolicyOptions)[];

const CLIENT_KEYS = [
  ...SHARED_KEYS,
  'ca',
  'bundledRoots',
  'crl',
  'pins',
  'dangerouslyAcceptAnyCertificate',
  'serverName',
  'identity',
] as const satisfies readonly (keyof ClientTlsOptions)[];

const SERVER_KEYS = [
  ...SHARED_KEYS,
  'identities',
  'clientCertificates',
  'clientCa',
  'clientCrl',
  'redeem',
  'loginTickets',
  'maxEarlyDataBytes',
] as const satisfies readonly (keyof ServerTlsOptions)[];

/** Parses a client's TLS options. Throws `ConfigError` that names the wrong field and the right values. */
export function parseClientPolicy(options: ClientTlsOptions = {}): ClientPolicy {
  knownKeys('tls', options, CLIENT_KEYS);
  const ca = pemList('tls.ca', options.ca);
  const bundledRoots = flag('tls.bundledRoots', options.bundledRoots ?? ca.length === 0);
  return Object.freeze({
    ...sharedPolicy(options),
    ca: bundledRoots ? [...tls.rootCertificates, ...ca] : ca,
    crl: pemList('tls.crl', options.crl),
    pins: textList('tls.pins', options.pins ?? []).map(parseFingerprint),
    // Only what is said in full: nothing else that a program may hold is to switch the check of certificates off.
    acceptAnyCertificate: flag('tls.dangerouslyAcceptAnyCertificate', options.dangerouslyAcceptAnyCertificate ?? false),
    serverName: optionalText('tls.serverName', options.serverName),
    identity: parseIdentity(options.identity),
  });
}

/** Parses a server's TLS options. Throws `ConfigError` that names the wrong field and the right values. */
export function parseServerPolicy(options: ServerTlsOptions): ServerPolicy {
  knownKeys('tls', options, SERVER_KEYS);
  const [first, ...others] = identityList(options.identities);
  if (first === undefined) throw new ConfigError('tls.identities: a server needs a certificate and its key');
  const clientCertificates = oneOf('tls.clientCertificates', options.clientCertificates ?? 'none', [
    'none',
    'optional',
    'required',
  ]);
  const clientCa = pemList('tls.clientCa', options.clientCa);
  if (clientCertificates !== 'none' && clientCa.length === 0) {
    throw new ConfigError(`tls.clientCa: needed to check the client certificates that are ${clientCertificates}`);
  }
  const clientCrl = parseClientCrl(options.clientCrl);
  if (clientCrl.length > 0 && clientCa.length === 0) {
    throw new ConfigError('tls.clientCrl: needs the roots that issued it, in tls.clientCa');
  }
  const shared = sharedPolicy(options);
  return Object.freeze<ServerPolicy>({
    ...shared,
    // FileZilla and its server call data connections so. Never on a control connection: what was meant for one kind of
    // connection must not be taken by the other (the ALPACA attacks).
    dataAlpn: [...new Set([...shared.alpn, 'ftp-data'])],
    identities: [first, ...others],
    clientCertificates,
    clientCa,
    clientCrl,
    redeem: oneOf('tls.redeem', options.redeem ?? 'reusable', ['once', 'reusable']),
    loginTickets: wholeNumber('tls.loginTickets', options.loginTickets ?? 2, 0, 16),
    maxEarlyDataBytes: wholeNumber('tls.maxEarlyDataBytes', options.maxEarlyDataBytes ?? 0, 0, 2 ** 20),
    ticketLifetimeSeconds: TICKET_LIFETIME_SECONDS,
  });
}

/** Revocation lists for client certificates as a list of PEM texts. Throws `ConfigError` where one is not PEM. */
export function parseClientCrl(crl: string | readonly string[] | undefined): readonly string[] {
  return pemList('tls.clientCrl', crl);
}

function sharedPolicy(options: TlsPolicyOptions): TlsPolicy {
  const versions = oneOf('tls.versions', options.versions ?? '1.2+1.3', ['1.3', '1.2', '1.2+1.3']);
  return {
    minVersion: versions === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: versions === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
    cipherSuites: allOf('tls.cipherSuites', options.cipherSuites ?? CIPHER_SUITES.slice(0, 3), CIPHER_SUITES),
    ciphers: allOf('tls.ciphers', options.ciphers ?? CIPHERS, CIPHERS),
    groups: allOf('tls.groups', options.groups ?? GROUPS.slice(0, 4), GROUPS),
    signatureAlgorithms:
      options.signatureAlgorithms &&
      allOf('tls.signatureAlgorithms', options.signatureAlgorithms, SIGNATURE_ALGORITHMS),
    alpn: parseAlpn(options.alpn ?? ['ftp']),
    logKeys: optionalFunction('tls.dangerouslyLogKeys', options.dangerouslyLogKeys),
  };
}

function identityList(identities: readonly ServerIdentity[]): readonly ServerIdentity[] {
  if (Array.isArray(identities) && identities.every((one) => one instanceof ServerIdentity)) return identities;
  throw new ConfigError('tls.identities: give a list of new ServerIdentity({ cert, key })');
}

function parseIdentity(identity: ServerIdentity | undefined): ServerIdentity | undefined {
  if (identity === undefined || identity instanceof ServerIdentity) return identity;
  throw new ConfigError('tls.identity: give a new ServerIdentity({ cert, key })');
}

function allOf<T extends string>(option: string, values: readonly string[], allowed: readonly T[]): readonly T[] {
  if (textList(option, values).length === 0)
    throw new ConfigError(`${option}: is empty; name some of ${allowed.join(', ')}`);
  // OpenSSL refuses a list that names something twice.
  return [...new Set(values.map((value) => oneOf(option, value, allowed)))];
}

/** RFC 7301 §3.1: a protocol name is 1 to 255 bytes long. */
function parseAlpn(names: readonly string[]): readonly string[] {
  for (const name of textList('tls.alpn', names)) {
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > 255) throw new ConfigError(`tls.alpn: a name is 1 to 255 bytes long, not ${bytes}`);
  }
  return [...names];
}

function pemList(option: string, value: string | readonly string[] | undefined): readonly string[] {
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list.map((pem) => {
    if (typeof pem === 'string' && pem.includes('-----BEGIN ')) return pem;
    throw new ConfigError(`${option}: this is not PEM text`);
  });
}

function parseFingerprint(text: string): string {
  const digits = text
    .replace(/^sha256[/:]/i, '')
    .replaceAll(':', '')
    .toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(digits)) {
    throw new ConfigError(`tls.pins: '${text}' is not a SHA-256 fingerprint (64 hexadecimal digits, colons allowed)`);
  }
  return (digits.match(/../g) ?? []).join(':');
}
