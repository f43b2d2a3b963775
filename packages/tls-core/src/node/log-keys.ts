// Hands the keys of a node:tls connection to whoever asked for them by name.
import type tls from 'node:tls';

export function logKeysOf(tlsSocket: tls.TLSSocket, logKeys: ((line: string) => void) | undefined): void {
  if (logKeys === undefined) return;
  tlsSocket.on('keylog', (line: Buffer) => {
    logKeys(line.toString('latin1').trimEnd());
  });
}
