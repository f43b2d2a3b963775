// From nothing to a login that can move files: TCP, greeting, TLS, USER and PASS, PBSZ and PROT, FEAT, OPTS, TYPE.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ConnectionError, type HandshakeSummary } from '@ftps-kit/tls-core';
import type { ClientOptions } from './client-options.js';
import { openControl } from './control-opener.js';
import { DataConnections } from './data-connection.js';
import { negotiateFeatures } from './features.js';
import { logIn, protectData } from './login.js';
import { outgoing } from './outgoing-command.js';
import type { ServerTraits } from './server-traits.js';
import type { LoginContext } from './transfer.js';

/** A login just made, and how it was made. */
export interface OpenedLogin extends LoginContext {
  readonly greeting: Reply;
  /** Of the control connection; undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
}

/**
 * Opens a login; `options.signal` ends the opening. `traits` is what is known of the server, and learns more. Rejects with
 * `ConfigError`, `ConnectionError`, `TimeoutError` (phases `connect`, `tls`, `reply`), `AbortedError`, a `TlsError`,
 * `LoginError`, `ReplyError` or `ProtocolError`; nothing stays open then.
 */
export async function openLogin(options: ClientOptions, traits: ServerTraits): Promise<OpenedLogin> {
  const { control, greeting, protection } = await openControl(options);
  const { timeouts, signal, onNotResumed } = options;
  const deadline = { timeoutMs: timeouts.replyMs, signal };
  try {
    await logIn(control, options.credentials, deadline);
    if (protection !== undefined) await protectData(control, deadline);
    const features = await negotiateFeatures(control, deadline);
    // RFC 959 §3.1.1: without it files are ASCII, and SIZE counts other bytes than RETR moves.
    await control.demand(outgoing('TYPE', 'I'), deadline);
    const data = new DataConnections(control, protection, options, traits);
    return {
      ...{ control, data, features, timeouts, onNotResumed, traits },
      ...{ greeting, handshake: protection?.handshake },
    };
  } catch (error) {
    control.destroy(error instanceof Error ? error : new ConnectionError(String(error)));
    throw error;
  }
}
