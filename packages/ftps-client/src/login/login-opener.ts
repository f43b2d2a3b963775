// From nothing to a login that can move files: TCP, greeting, TLS, USER and PASS, PBSZ and PROT, FEAT, TYPE, OPTS.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ConnectionError, TimeoutError, type HandshakeSummary } from '@ftps-kit/tls-core';
import type { ClientOptions } from '../client-options.js';
import type { ControlConnection } from '../control/control-connection.js';
import { HelloLostError, openControl } from '../control/control-opener.js';
import { outgoing } from '../control/outgoing-command.js';
import { LoginError, ProtocolError, ReplyError, errorOf, isNegative } from '../errors.js';
import { LOGIN_PATIENCE_MS } from '../limits.js';
import { LoginTickets } from '../tickets/login-tickets.js';
import { DataConnections } from '../transfer/data-connection.js';
import { HeldDataConnection } from '../transfer/held-data-connection.js';
import { hasUtf8, type Features } from './features.js';
import { LoginDialogue } from './login-dialogue.js';
import type { LoginContext } from './login-context.js';
import { saysNoRoom, saysTooManyFailures } from './login-reply.js';
import { withHint } from './opening-hints.js';
import type { ServerTraits } from './server-traits.js';

/** A login just made, and how it was made. */
export interface OpenedLogin extends LoginContext {
  readonly greeting: Reply;
  /** Of the control connection; undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
  /** To be called when the login is over: what tickets it has left go to the next one. Never rejects, and takes so long at most. */
  readonly leaveTickets: (timeoutMs: number) => Promise<void>;
}

/**
 * Opens a login; `options.signal` ends the opening. `traits` is what is known of the server, and learns more. A server that
 * takes the password and then loses what was sent along with it gets a second connection, on which each reply is waited
 * for, and so does one that resumes the control connection and then gives no ticket for data connections: there, in full. One
 * that answers the ClientHello in clear, as ftp-srv does when it comes too soon for it, is given time on another connection.
 * Rejects with `ConfigError`, `ConnectionError`, `TimeoutError` (phases `connect`, `tls`, `reply`), `AbortedError`, a
 * `TlsError`, `LoginError`, `ReplyError` or `ProtocolError`; nothing stays open then.
 */
export async function openLogin(options: ClientOptions, traits: ServerTraits): Promise<OpenedLogin> {
  const mayPipeline = options.pipelining === 'auto' && !traits.mindsPipelining;
  let pipelines = mayPipeline;
  for (;;) {
    const wasGivenTime = traits.isSlowToTls;
    try {
      const opened = await attempt(options, traits, pipelines);
      if (mayPipeline && !pipelines) traits.mindsPipelining = true;
      return opened;
    } catch (error) {
      if (error instanceof PipeliningFailure) pipelines = false;
      else if (error instanceof NoNewTickets) traits.leavesReturningWithoutTickets = true;
      else if (error instanceof HelloLostError) giveTime(traits, wasGivenTime, error);
      else throw error;
    }
  }
}

async function attempt(options: ClientOptions, traits: ServerTraits, pipelines: boolean): Promise<OpenedLogin> {
  const tickets = new LoginTickets(options, traits);
  const { control, greeting, protection } = await openControl(options, tickets, traits);
  const { credentials, timeouts, signal } = options;
  const { refusals } = traits;
  const onNotResumed = options.onNotResumed === 'allow' ? 'allow' : 'fail';
  control.spellBy(() => {
    const spelling = options.encoding === 'auto' ? traits.nameEncoding : options.encoding;
    return spelling === 'latin1' ? 'latin1' : 'utf-8-or-bytes';
  });
  const dialogue = new LoginDialogue(control, {
    credentials,
    isProtected: protection !== undefined,
    mayPass: refusals.mayPass(credentials.fingerprint),
    pipelines,
    deadline: { timeoutMs: timeouts.replyMs, signal },
    pipelinedDeadline: { timeoutMs: Math.min(timeouts.replyMs, LOGIN_PATIENCE_MS), signal },
  });
  try {
    const features = await withHint('login', options, dialogue.run(), traits);
    traits.hasLetIn = true;
    refusals.noteAccepted(credentials.fingerprint);
    if (protection !== undefined && tickets.lacksNew(protection.binding, protection.handshake)) {
      await control.quit(outgoing('QUIT'), timeouts.closeMs);
      throw new NoNewTickets();
    }
    await settleEncoding(control, { options, traits, features, pipelines });
    const data = new DataConnections(control, protection, options, traits);
    const ahead = new HeldDataConnection({ control, data, features, timeouts, traits }, options.preconnect);
    return {
      ...{ control, data, ahead, features, timeouts, onNotResumed, traits },
      serverTimeZone: options.serverTimeZone,
      transferKeepAliveMs: options.transferKeepAliveMs,
      ...{ greeting, handshake: protection?.handshake },
      leaveTickets: async (timeoutMs) => {
        if (protection !== undefined) await tickets.leave(protection.binding, timeoutMs);
      },
    };
  } catch (error) {
    control.destroy(errorOf(error));
    if (isAboutPassword(error)) refusals.noteRefused(credentials.fingerprint, error);
    throw dialogue.hasPipelined && isLostOrSilent(error) ? new PipeliningFailure() : error;
  }
}

/** Whether it may count as a wrong password; where there is only no room, the password was right. */
function isAboutPassword(error: unknown): error is ReplyError {
  if (!(error instanceof ReplyError)) return false;
  if (!(error instanceof LoginError)) return saysTooManyFailures(error.reply);
  return isNegative(error.reply) && !saysNoRoom(error.reply);
}

/** Throws the handshake's own error where time was given already; another login may have found out meanwhile that it is needed. */
function giveTime(traits: ServerTraits, wasGiven: boolean, { cause }: HelloLostError): void {
  traits.isSlowToTls = !wasGiven;
  if (wasGiven) throw cause;
}

/** Says how names are spelled, and has the server do the same where it can be told. */
async function settleEncoding(
  control: ControlConnection,
  { options, traits, features, pipelines }: EncodingRequest,
): Promise<void> {
  if (options.encoding === 'auto' && hasUtf8(features)) traits.nameEncoding = 'utf8';
  if (hasUtf8(features) && control.encoding !== 'latin1') {
    // RFC 2640 §3.2 has UTF-8 from the start. Some want to be told all the same; a refusal is no matter, and is not waited
    // for: what is sent next comes behind it.
    const { final } = control.begin(outgoing('OPTS', 'UTF8 ON'));
    const deadline = { timeoutMs: options.timeouts.replyMs, signal: options.signal };
    if (!pipelines) await control.replyTo(final, deadline);
  }
}

interface EncodingRequest {
  readonly options: ClientOptions;
  readonly traits: ServerTraits;
  readonly features: Features;
  readonly pipelines: boolean;
}

/** The server resumed, and gave no ticket that data connections could resume with. */
class NoNewTickets extends Error {}

/** The server may have minded that it was sent several commands at once. */
class PipeliningFailure extends Error {}

function isLostOrSilent(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof TimeoutError || error instanceof ProtocolError;
}
