// What an OpenSSL session says about itself, as node:tls gives it: a DER SEQUENCE (SSL_SESSION_ASN1 in OpenSSL's ssl_asn1.c).

/** Fields that hold an INTEGER, by their context tag. */
export const SessionField = {
  /** `[2]`: how long the session may be resumed from when it began, seconds. */
  timeout: 0xa2,
  /** `[9]`: the lifetime that the server announced for its ticket, seconds; not there where it announced none. */
  lifetimeHint: 0xa9,
} as const;

const SEQUENCE = 0x30;

export type SessionField = (typeof SessionField)[keyof typeof SessionField];

/** The number in a field of a serialised session; undefined where there is none. */
export function sessionNumber(session: Buffer, field: SessionField): number | undefined {
  const body = sequenceIn(session);
  for (let at = body?.start ?? session.length; at < session.length;) {
    const element = bodyOf(session, at);
    if (element === undefined) return undefined;
    if (session[at] === field) {
      const integer = bodyOf(session, element.start);
      const bytes = integer === undefined ? 0 : integer.end - integer.start;
      return integer !== undefined && bytes >= 1 && bytes <= 6 ? session.readUIntBE(integer.start, bytes) : undefined;
    }
    at = element.end;
  }
  return undefined;
}

interface Body {
  readonly start: number;
  readonly end: number;
}

/** The body of the session itself, which is all that is left at its place: newer Nodes write the name of the host in front. */
function sequenceIn(session: Buffer): Body | undefined {
  for (let at = session.indexOf(SEQUENCE); at !== -1; at = session.indexOf(SEQUENCE, at + 1)) {
    const body = bodyOf(session, at);
    if (body?.end === session.length) return body;
  }
  return undefined;
}

/** Where the body of the DER element at `at` begins and ends; undefined where it is none, or is cut. */
function bodyOf(der: Buffer, at: number): Body | undefined {
  const first = der[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  if (start > der.length || lengthBytes > 4) return undefined;
  const length = first < 0x80 ? first : lengthBytes === 0 ? Infinity : der.readUIntBE(at + 2, lengthBytes);
  return start + length > der.length ? undefined : { start, end: start + length };
}
