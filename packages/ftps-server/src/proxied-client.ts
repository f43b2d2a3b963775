// Reads the PROXY protocol's header off a new connection: who is behind the proxy, before anything else is said.
import { withDeadline, type Deadline, type SocketChannel } from '@ftps-kit/tls-core';
import { ProxyHeaderError, ProxyHeaderParser, type ProxyHeader } from './proxy-header.js';

/**
 * Reads the header and nothing behind it. Rejects with `ProxyHeaderError` where none comes, and with `TimeoutError`
 * (phase `proxy header`) or `AbortedError` by the deadline; the connection is the caller's to close.
 */
export function readProxyHeader(tcp: SocketChannel, deadline: Deadline): Promise<ProxyHeader> {
  return withDeadline('proxy header', deadline, headerOn(tcp), () => {
    tcp.destroy();
  });
}

async function headerOn(tcp: SocketChannel): Promise<ProxyHeader> {
  const parser = new ProxyHeaderParser();
  for (;;) {
    const piece = new Uint8Array(parser.wants);
    const count = await tcp.read(piece);
    if (count === 0) throw new ProxyHeaderError('the connection ended within its PROXY protocol header');
    const header = parser.push(piece.subarray(0, count));
    if (header !== undefined) return header;
  }
}
