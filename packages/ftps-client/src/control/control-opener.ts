// From nothing to a control connection whose security is settled: TCP, greeting, AUTH TLS, handshake.
import { setTimeout } from 'node:timers/promises';
import type { Reply } from '@ftps-kit/ftp-protocol';
import {
  HandshakeError,
  PlaintextInjectionError,
  SocketChannel,
  withDeadline,
  type ClientBinding,
  type ClientPolicy,
  type HandshakeSummary,
  type TlsConnector,
} from '@ftps-kit/tls-core';
import type { ClientOptions } from '../client-options.js';
import { publishControl } from '../diagnostics.js';
import { GREETING, ProtocolError, ReplyError } from '../errors.js';
import { CONTROL_KEEP_ALIVE_MS, MAX_GREETING_REPLIES, TLS_PAUSE_MS } from '../limits.js';
import { withHint } from '../login/opening-hints.js';
import type { ServerTraits } from '../login/server-traits.js';
import type { LoginTickets } from '../tickets/login-tickets.js';
import { ControlConnection } from './control-connection.js';
import { outgoing } from './outgoing-command.js';
import { ReplyReader } from './reply-reader.js';

/** What protects the data connections of a control connection. */
export interface Protection {
  readonly connector: TlsConnector;
  /** Holds the tickets of this control connection. */
  readonly binding: ClientBinding;
  readonly handshake: HandshakeSummary;
}

export interface OpenedControl {
  readonly control: ControlConnection;
  readonly greeting: Reply;
  /** undefined where the caller asked for plain FTP. */
  readonly protection: Protection | undefined;
}

const AUTH_ACCEPTED = 234;

/**
 * The server said 234 and then answered the ClientHello in clear: ftp-srv looks for TLS a moment after it said so, and takes
 * for a command what comes before.
 */
export class HelloLostError extends Error {
  override readonly cause: HandshakeError;

  constructor(cause: HandshakeError) {
    super(cause.message, { cause });
    this.cause = cause;
  }
}

/**
 * Opens a control connection up to the login. Nothing but AUTH is ever sent in clear, unless the options say plain.
 * Rejects with `ConnectionError`, `TimeoutError`, `AbortedError`, `ReplyError`, `ProtocolError` or a `TlsError`, and has
 * closed the connection then.
 */
export async function openControl(
  options: ClientOptions,
  tickets: LoginTickets,
  traits: ServerTraits,
): Promise<OpenedControl> {
  const { host, port, timeouts, signal } = options;
  // Before any connection: what the engine cannot do is a ConfigError.
  const connector = options.engine.connector(withGroupFirst(options.policy, traits.keyExchangeGroup));
  const transport = await SocketChannel.connect({ host, port, timeoutMs: timeouts.connectMs, signal });
  transport.keepAlive(CONTROL_KEEP_ALIVE_MS);
  try {
    if (options.mode === 'implicit') return await openImplicit(transport, connector, options, { tickets, traits });
    return await openExplicit(transport, connector, options, { tickets, traits });
  } catch (error) {
    transport.destroy();
    throw error;
  }
}

async function openExplicit(
  transport: SocketChannel,
  connector: TlsConnector,
  options: ClientOptions,
  { tickets, traits }: WhatIsKnown,
): Promise<OpenedControl> {
  const reader = new ReplyReader(transport);
  const greeting = await withHint('greeting', options, readGreeting(reader, options), traits);
  if (options.plain) {
    return {
      control: new ControlConnection(transport, reader, transport, options.announce),
      greeting,
      protection: undefined,
    };
  }
  const auth = outgoing('AUTH', 'TLS');
  publishControl({ kind: 'command', line: auth.shown }, options.announce);
  const asked = transport.write(auth.encode(reader.encoding)).then(() => readReply(reader, options));
  const reply = await withHint('AUTH', options, asked, traits);
  if (reply.code !== AUTH_ACCEPTED) {
    throw new ReplyError(
      'AUTH',
      reply,
      'the server does not take AUTH TLS, and nothing is sent in clear (it may have implicit TLS on port 990; AUTH SSL, older than the RFC, is not spoken)',
    );
  }
  if (traits.isSlowToTls)
    await withDeadline('tls', { signal: options.signal }, setTimeout(TLS_PAUSE_MS), () => undefined);
  // Whoever sits between could put replies behind the 234, in clear, and have them taken for protected ones.
  if (reader.bufferedBytes > 0 || transport.unreadBytes > 0) {
    throw new PlaintextInjectionError(
      'bytes came in clear behind the 234 reply to AUTH TLS: somebody between you and the server put them there',
    );
  }
  try {
    return await protect(transport, connector, options, { tickets, traits, greet: () => Promise.resolve(greeting) });
  } catch (error) {
    throw error instanceof HandshakeError && error.isNoTls ? new HelloLostError(error) : error;
  }
}

function openImplicit(
  transport: SocketChannel,
  connector: TlsConnector,
  options: ClientOptions,
  known: WhatIsKnown,
): Promise<OpenedControl> {
  return protect(transport, connector, options, { ...known, greet: (reader) => readGreeting(reader, options) });
}

/** What earlier connections to this server have left. */
interface WhatIsKnown {
  readonly tickets: LoginTickets;
  readonly traits: ServerTraits;
}

interface ProtectedOpening extends WhatIsKnown {
  readonly greet: (reader: ReplyReader) => Promise<Reply>;
}

async function protect(
  transport: SocketChannel,
  connector: TlsConnector,
  options: ClientOptions,
  { tickets, traits, greet }: ProtectedOpening,
): Promise<OpenedControl> {
  const { host, whenEmpty, timeouts, signal } = options;
  const binding = connector.newBinding({ whenEmpty, sparesLast: tickets.areKept });
  const ticket = await tickets.take();
  const handshaking = connector.connect(transport, {
    ...{ role: 'control', host, binding, ticket },
    ...{ timeoutMs: timeouts.tlsMs, signal },
  });
  const channel = await withHint('TLS', options, handshaking, traits);
  try {
    const reader = new ReplyReader(channel);
    const greeting = await withHint('greeting', options, greet(reader), traits);
    const control = new ControlConnection(channel, reader, transport, options.announce);
    const { handshake } = channel;
    learnGroup(traits, connector.policy, handshake);
    const forData = withGroupFirst(connector.policy, traits.keyExchangeGroup);
    return {
      control,
      greeting,
      protection: {
        connector: forData === connector.policy ? connector : options.engine.connector(forData),
        binding,
        handshake,
      },
    };
  } catch (error) {
    channel.destroy();
    throw error;
  }
}

/**
 * RFC 8446 §4.1.4: a server that wants another group than the one we sent a key share for asks for it, which costs a round
 * trip. What it asked for (P-256, in vsftpd and Pure-FTPd) goes first on its data connections, and on control connections
 * that come later. Only what a finished handshake says is learned, so that nobody in between can have a say in it.
 */
function learnGroup(traits: ServerTraits, { groups }: ClientPolicy, { protocol, group }: HandshakeSummary): void {
  if (protocol === 'TLSv1.3' && group !== undefined && group !== groups[0]) traits.keyExchangeGroup = group;
}

/** The same groups, in another order: one that the policy does not have is not offered. */
function withGroupFirst(policy: ClientPolicy, group: string | undefined): ClientPolicy {
  const first = policy.groups.find((name) => name === group);
  if (first === undefined || first === policy.groups[0]) return policy;
  return { ...policy, groups: [first, ...policy.groups.filter((name) => name !== first)] };
}

/** RFC 959 §5.4: 120 may come first and says that 220 follows; 421 says that nothing does. */
async function readGreeting(reader: ReplyReader, options: ClientOptions): Promise<Reply> {
  for (let replies = 1; replies <= MAX_GREETING_REPLIES; replies++) {
    const reply = await readReply(reader, options);
    if (reply.code >= 200 && reply.code < 300) return reply;
    if (reply.code >= 200) throw new ReplyError(GREETING, reply, 'the server does not take the connection');
  }
  throw new ProtocolError(`the server greeted with ${MAX_GREETING_REPLIES} replies and never said that it is ready`);
}

async function readReply(reader: ReplyReader, { timeouts, signal, announce }: ClientOptions): Promise<Reply> {
  const reply = await withDeadline('reply', { timeoutMs: timeouts.replyMs, signal }, reader.next(), () => undefined);
  publishControl({ kind: 'reply', reply }, announce);
  return reply;
}
