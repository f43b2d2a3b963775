// What an authenticator is told of the client, besides its name and password.
import type { X509Certificate } from 'node:crypto';
import type { Endpoint } from '@ftps-kit/tls-core';
import type { Session } from './session.js';

/** Who asks to be let in: its address, and what its control connection is. */
export interface LoginClient extends Endpoint {
  /** The name of the control connection in events. */
  readonly id: string;
  /** Where it connected to; behind a proxy, the proxy's address. */
  readonly reached: Endpoint;
  /**
   * The certificate that the client showed in the handshake, and whose chain was verified against `tls.clientCa`; undefined
   * where it showed none. Whose it is (`subject`, `fingerprint256`) is for the authenticator to judge.
   */
  readonly certificate: X509Certificate | undefined;
  /** The name that it asked for in the handshake (SNI). */
  readonly serverName: string | undefined;
  /** The host that it wants, in lower case: by HOST (RFC 7151), or else by `serverName`. */
  readonly host: string | undefined;
}

export function loginClient({ id, client, reached, control, virtualHost }: Session): LoginClient {
  const { peerCertificates = [], serverName } = control?.handshake ?? {};
  return { ...client, id, reached, certificate: peerCertificates[0], serverName, host: virtualHost };
}
