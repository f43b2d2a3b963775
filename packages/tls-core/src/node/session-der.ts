// What an OpenSSL session says about itself, as node:tls gives it: a DER SEQUENCE (SSL_SESSION_ASN1 in OpenSSL's ssl_asn1.c).

/** Fields that hold an INTEGER, by their context tag. */
export const SessionField = {
  /** `[2]`: how long the session may be resumed from when it began, seconds. */
  timeout: 0xa2,
  /** `[9]`: the lifetime that the server announced for its ticket, seconds; not there where it announced none. */
  lifetimeHint: 0xa9,
} as const;

export type SessionField = (typeof SessionField)[keyof typeof SessionField];

/** The number in a field of a serialised session; undefined where there is none. */
export function sessionNumber(session: Buffer, field: SessionField): number | undefined {
  let at = bodyOf(session, 0).start;
  while (at < session.length) {
    const { start, end } = bodyOf(session, at);
    if (session[at] === field) {
      const integer = bodyOf(session, start);
      const bytes = integer.end - integer.start;
      return bytes >= 1 && bytes <= 6 ? session.readUIntBE(integer.start, bytes) : undefined;
    }
    at = end;
  }
  return undefined;
}

/** Where the body of the DER element at `at` begins and ends. */
function bodyOf(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const lengthBytes = first & 0x7f;
  const start = at + 2 + lengthBytes;
  return { start, end: start + der.readUIntBE(at + 2, lengthBytes) };
}
