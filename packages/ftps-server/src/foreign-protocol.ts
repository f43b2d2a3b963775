// Lines of another protocol on the control connection: somebody's browser was led here (ALPACA, cross-protocol attacks).
import { GrammarError, parseCommand, type FramedLine } from '@ftps-kit/ftp-protocol';

/** RFC 9110 §9.3, RFC 5789, and the first word of HTTP/2 (RFC 9113 §3.4). No command of FTP has such a name. */
const HTTP_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PRI',
]);

/**
 * Whether a line begins with an HTTP method. Whatever follows it would be obeyed as commands that somebody else put into
 * a request's body, on a TLS session that a browser trusts.
 */
export function isHttpRequest(line: FramedLine): boolean {
  if (line.kind === 'overlong') return false;
  const space = line.bytes.indexOf(0x20);
  try {
    return HTTP_METHODS.has(parseCommand(line.bytes.subarray(0, space === -1 ? line.bytes.length : space)).verb);
  } catch (error) {
    if (error instanceof GrammarError) return false;
    throw error;
  }
}
