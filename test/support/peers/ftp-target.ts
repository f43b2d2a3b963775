/** Where a client peer logs in, and whom it trusts: all that a client needs to know of a server. */
export interface FtpTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The certificate authority to trust, as a PEM file. */
  readonly caFile: string;
  /** TLS from the first byte instead of AUTH TLS; default false. */
  readonly implicit?: boolean;
}

/** The one TLS version that a peer is pinned to. */
export type TlsVersion = '1.2' | '1.3';
