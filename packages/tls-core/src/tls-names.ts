// The names a TLS policy may use, as OpenSSL and RFC 8446 spell them.

/** TLS 1.3 cipher suites (RFC 8446 §B.4), strongest first. The CCM ones are off unless named. */
export const CIPHER_SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
] as const;

/** TLS 1.2 ciphers: ECDHE for forward secrecy, AEAD, nothing else. */
export const CIPHERS = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
] as const;

/**
 * Key exchange groups (RFC 8446 §4.2.7) that every OpenSSL 3 has, in order of preference. P-256 comes first: a ClientHello has
 * a key for the first one only, and RFC 8446 §9.1 has every peer support this one, where any other costs a HelloRetryRequest,
 * one more round trip, with servers that have no other (vsftpd, Pure-FTPd).
 */
export const GROUPS = ['P-256', 'X25519', 'P-384', 'P-521', 'X448'] as const;

/** Signature algorithms (RFC 8446 §4.2.3); SHA-1 is not among them. */
export const SIGNATURE_ALGORITHMS = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'ed448',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pss_pss_sha256',
  'rsa_pss_pss_sha384',
  'rsa_pss_pss_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
] as const;

export type CipherSuite = (typeof CIPHER_SUITES)[number];
export type Cipher = (typeof CIPHERS)[number];
export type Group = (typeof GROUPS)[number];
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];
