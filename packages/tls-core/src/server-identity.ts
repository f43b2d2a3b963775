// A certificate and its key, checked together: what a server shows, or a client when it is asked.
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { ConfigError } from './errors.js';

/** PEM texts of an identity. */
export interface IdentityOptions {
  /** The certificate, followed by its intermediates, PEM. */
  readonly cert: string | Uint8Array;
  /** Its private key, PEM; encrypted ones need `passphrase`. */
  readonly key: string | Uint8Array;
  /** Decrypts `key`. It is not kept. */
  readonly passphrase?: string | undefined;
}

/** What a development identity is made for. */
export interface DevelopmentIdentityOptions {
  /** Names and IP addresses the certificate is for. Default: localhost, 127.0.0.1 and ::1. */
  readonly hosts?: readonly string[] | undefined;
  /** How long it lasts from now. Default 365. */
  readonly validDays?: number | undefined;
}

/** A checked certificate chain with its key. The key never shows in logs or `inspect`. */
export class ServerIdentity {
  /** The chain, leaf first, PEM. */
  readonly certPem: string;
  readonly certificate: X509Certificate;
  readonly #key: KeyObject;

  /** Checks that the certificate is one and that the key is its own. Throws `ConfigError`. */
  constructor(options: IdentityOptions) {
    this.certPem = textOf(options.cert);
    this.certificate = parseCertificate(this.certPem);
    this.#key = parseKey(textOf(options.key), options.passphrase);
    if (!this.certificate.checkPrivateKey(this.#key)) {
      throw new ConfigError('tls: the private key does not belong to the certificate');
    }
  }

  /** SHA-256 of the certificate, upper-case hexadecimal with colons: what a client pins. */
  get fingerprint256(): string {
    return this.certificate.fingerprint256;
  }

  /** The private key as unencrypted PKCS #8 PEM, for an engine only. */
  privateKeyPem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  [inspect.custom](): string {
    return `ServerIdentity { subject: ${JSON.stringify(this.certificate.subject)}, fingerprint256: ${this.fingerprint256} }`;
  }
}

/** Makes a self-signed P-256 identity for development; clients trust it by its fingerprint. PEM, so that it can be kept. */
export async function developmentIdentity(
  options: DevelopmentIdentityOptions = {},
): Promise<{ readonly cert: string; readonly key: string }> {
  // Loaded when needed: servers with a certificate of their own never pay for it.
  const { generate } = await import('selfsigned');
  const hosts = options.hosts ?? ['localhost', '127.0.0.1', '::1'];
  const notBeforeDate = new Date();
  const pem = await generate([{ name: 'commonName', value: hosts[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(notBeforeDate.getTime() + (options.validDays ?? 365) * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: hosts.map((host) => (isAddress(host) ? { type: 7, ip: host } : { type: 2, value: host })),
      },
    ],
  });
  return { cert: pem.cert, key: pem.private };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

function textOf(pem: string | Uint8Array): string {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('utf8');
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new ConfigError('tls.cert: this is not a PEM certificate', { cause: error });
  }
}

function parseKey(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch (error) {
    const encrypted = pem.includes('ENCRYPTED');
    throw new ConfigError(
      encrypted
        ? `tls.key: the private key is encrypted and the passphrase ${passphrase === undefined ? 'is missing' : 'is wrong'}`
        : 'tls.key: this is not a PEM private key',
      { cause: error },
    );
  }
}
