// A server's request for the client's certificate after the handshake (RFC 8446 §4.6.2), as a promise.
import type { X509Certificate } from 'node:crypto';
import { CertificateError, ConfigError } from '../errors.js';
import { Status } from './native-binding.js';
import type { RecordLayer } from './record-layer.js';
import { certificates } from './summary.js';

interface Pending {
  readonly answer: Promise<readonly X509Certificate[]>;
  readonly resolve: (chain: readonly X509Certificate[]) => void;
  readonly reject: (error: Error) => void;
}

export class ClientCertificateRequest {
  readonly #layer: RecordLayer;
  readonly #checksClients: boolean;
  #pending: Pending | undefined;

  constructor(layer: RecordLayer, checksClients: boolean) {
    this.#layer = layer;
    this.#checksClients = checksClients;
    layer.onCertificateAnswer = () => {
      this.#settle();
    };
  }

  /** Sends the request; gives the verified chain, leaf first. While one is under way, the same answer serves both. */
  make(): Promise<readonly X509Certificate[]> {
    if (!this.#checksClients) {
      return Promise.reject(new ConfigError('tls.clientCa: needed to check the client certificate that is asked for'));
    }
    if (this.#pending !== undefined) return this.#pending.answer;
    const status = this.#layer.settle(this.#layer.native.requestCertificate());
    if (status !== Status.done) {
      const cause = this.#layer.native.takeError();
      // RFC 8446 §4.2.6: a server MUST NOT ask a client that did not offer it.
      const notOffered = cause.code === 'ERR_SSL_EXTENSION_NOT_RECEIVED';
      const why = notOffered ? 'it did not offer to show one after the handshake' : cause.message;
      return Promise.reject(
        new CertificateError(
          `the client cannot be asked for a certificate: ${why}`,
          notOffered ? 'POST_HANDSHAKE_AUTH_NOT_OFFERED' : cause.code,
          { cause },
        ),
      );
    }
    const { promise, resolve, reject } = withResolvers<readonly X509Certificate[]>();
    this.#pending = { answer: promise, resolve, reject };
    return promise;
  }

  fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }

  #settle(): void {
    const { chain, reason, text } = this.#layer.native.verifiedPeer();
    const pending = this.#pending;
    this.#pending = undefined;
    if (chain.length > 0) pending?.resolve(certificates(chain));
    else if (reason === undefined) {
      pending?.reject(new CertificateError('the client shows no certificate', 'NO_CERTIFICATE'));
    } else {
      pending?.reject(new CertificateError(`the client's certificate is refused: ${text ?? reason}`, reason));
    }
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
