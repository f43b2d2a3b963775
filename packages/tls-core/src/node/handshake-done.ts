// The end of a node:tls handshake, good or bad, as a promise.
import type tls from 'node:tls';
import { handshakeFailure } from '../handshake-failure.js';
import type { CiphertextStream } from './ciphertext-stream.js';

/** Events that tell the end of a handshake; they differ between client and server. */
export interface HandshakeEvents {
  readonly success: string;
  readonly failures: readonly string[];
}

/** Resolves when the handshake is done; destroys the socket and rejects with a typed error when it failed. */
export function handshakeDone(
  tlsSocket: tls.TLSSocket,
  ciphertext: CiphertextStream,
  peer: 'client' | 'server',
  { success, failures }: HandshakeEvents,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    // A half-open socket tells of the peer's close_notify by 'end' and does not close by itself.
    const endings = ['end', 'close'];
    const forget = (): void => {
      isDone = true;
      // From here to the channel that takes over, and behind a failure, an error must find a listener.
      tlsSocket.on('error', ignoreLaterErrors);
      tlsSocket.off(success, succeed);
      for (const event of failures) tlsSocket.off(event, fail);
      for (const event of endings) tlsSocket.off(event, gone);
    };
    const succeed = (): void => {
      forget();
      resolve();
    };
    const fail = (error?: Error): void => {
      forget();
      tlsSocket.destroy();
      reject(handshakeFailure(peer, error));
    };
    const gone = (): void => {
      fail();
    };
    tlsSocket.on(success, succeed);
    for (const event of failures) tlsSocket.on(event, fail);
    for (const event of endings) tlsSocket.on(event, gone);
    void ciphertext.over.then((failure) => {
      if (!isDone) fail(failure);
    });
  });
}

/** The channel sees for itself that the socket is gone; a failure has been told already. */
function ignoreLaterErrors(): void {
  return undefined;
}
