// The user-DTP's way to a data connection: passive, TCP, and TLS with a ticket of the control connection.
import { isIPv6 } from 'node:net';
import {
  GrammarError,
  encodeEprtArgument,
  encodeEpsvArgument,
  encodePortArgument,
  parseExtendedPassiveReply,
  parsePassiveReply,
  type HostPort,
  type Reply,
} from '@ftps-kit/ftp-protocol';
import {
  ConnectionError,
  NotResumedError,
  SocketChannel,
  TimeoutError,
  type ByteChannel,
  type Endpoint,
  type HandshakeSummary,
} from '@ftps-kit/tls-core';
import type { ClientOptions } from '../client-options.js';
import type { ControlConnection, ReplyDeadline } from '../control/control-connection.js';
import type { Protection } from '../control/control-opener.js';
import { outgoing, type OutgoingCommand } from '../control/outgoing-command.js';
import { ProtocolError, ReplyError, isCompletion, isNegative, refused, replyText } from '../errors.js';
import type { ServerTraits } from '../login/server-traits.js';
import { ActiveListener } from './active-listener.js';

const EPSV = outgoing('EPSV', encodeEpsvArgument({ kind: 'default' }));
const PASV = outgoing('PASV');

/** A data connection ready to carry bytes. */
export interface DataConnection {
  readonly channel: ByteChannel;
  /** undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
}

/** A data connection that both sides have agreed on. */
export interface Listening {
  /** Makes it, or takes it. Rejects with `ConnectionError`, `TimeoutError` or `AbortedError`. */
  connect(signal: AbortSignal | undefined): Promise<SocketChannel>;
  /** Lets go of it where it is not wanted. */
  close(): void;
}

/** Opens the data connections of one control connection. */
export class DataConnections {
  /** Whether one of them has carried a transfer to its good end; told by whoever ran it. */
  hasServed = false;
  readonly #control: ControlConnection;
  readonly #protection: Protection | undefined;
  readonly #options: ClientOptions;
  readonly #traits: ServerTraits;

  constructor(
    control: ControlConnection,
    protection: Protection | undefined,
    options: ClientOptions,
    traits: ServerTraits,
  ) {
    this.#control = control;
    this.#protection = protection;
    this.#options = options;
    this.#traits = traits;
  }

  /** Whether they are protected by TLS. */
  get areProtected(): boolean {
    return this.#protection !== undefined;
  }

  /** Whether the server connects to us: then only once it was given a transfer command. */
  get areActive(): boolean {
    return this.#options.dataConnections === 'active';
  }

  /** Whether something may be sent before the reply to what was sent before it. */
  get mayPipeline(): boolean {
    return this.#options.pipelining === 'auto' && !this.#traits.mindsPipelining;
  }

  /**
   * Whether the command of a transfer may go out right behind EPSV. Only where both are known to be in order: what a server
   * would do with the command alone, or with none, is anybody's guess. And not where a ticket must be had first.
   */
  get mayCommandBehindPassive(): boolean {
    const { extendedPassive, commandBehindPassive, wantsDataConnectionFirst } = this.#traits;
    if (!this.mayPipeline || this.areActive || this.#options.whenEmpty === 'fail') return false;
    return extendedPassive === 'works' && commandBehindPassive !== 'minded' && !wantsDataConnectionFirst;
  }

  /** Whether a port was named that could be reached, or PASV has to do anyway: then a port can be asked for ahead. */
  get mayAskAhead(): boolean {
    const { extendedPassive } = this.#traits;
    return !this.areActive && (extendedPassive === 'works' || extendedPassive === 'useless');
  }

  /**
   * Asks the server to listen, or tells it where this side does. May be done ahead of the transfer, along with other
   * commands; serves one data connection. Rejects with `ReplyError`, `ConnectionError`, `TimeoutError`, `AbortedError`, and
   * with `NotResumedError` where no ticket is left for it and it must have one.
   */
  async listen(signal: AbortSignal | undefined): Promise<Listening> {
    this.#mustHaveTicket();
    if (this.areActive) return this.#listenHere(signal);
    if (this.#traits.extendedPassive === 'doubtful') {
      // What made it so may have been something else, such as a server that was about to go.
      const listening = await this.listenByPasv(signal).catch((error: unknown) => {
        if (!(error instanceof ReplyError)) throw error;
        return undefined;
      });
      if (listening !== undefined) return listening;
    }
    return (await this.#listenExtended(signal)) ?? this.listenByPasv(signal);
  }

  /** As `listen`, by PASV and nothing else. Where EPSV is in doubt, this decides: it is tried again where PASV does no better. */
  async listenByPasv(signal: AbortSignal | undefined): Promise<Listening> {
    const isDoubtful = this.#traits.extendedPassive === 'doubtful';
    if (isDoubtful) this.#traits.extendedPassive = 'untried';
    const reply = await this.#askForPort(PASV, signal);
    if (!isCompletion(reply)) throw refused(PASV, reply);
    const { host, port } = passiveAddress(reply);
    // RFC 2577 §3 and practice: the address in the reply may be a private one behind a NAT, or a third party's.
    const address = { host: this.#options.passiveAddress === 'reply' ? host : this.#control.remote.address, port };
    const connect = async (ending: AbortSignal | undefined): Promise<SocketChannel> => {
      const transport = await this.#connect(address, ending);
      if (isDoubtful) this.#traits.extendedPassive = 'useless';
      return transport;
    };
    return { connect, close: () => undefined };
  }

  /** As `listen`, by EPSV and nothing else, which is sent before this returns; undefined where no port comes of it. */
  async listenByEpsv(signal: AbortSignal | undefined): Promise<Listening | undefined> {
    const port = extendedPort(await this.#askForPort(EPSV, signal));
    return port === undefined ? undefined : this.#atExtendedPort(port);
  }

  #atExtendedPort(port: number): Listening {
    const address = { host: this.#control.remote.address, port };
    return { connect: (ending) => this.#connectByEpsv(address, ending), close: () => undefined };
  }

  #replyDeadline(signal: AbortSignal | undefined): ReplyDeadline {
    return { timeoutMs: this.#options.timeouts.replyMs, signal };
  }

  /** 4yz says that no port can be had now: logins at rest may have them all. */
  async #askForPort(command: OutgoingCommand, signal: AbortSignal | undefined): Promise<Reply> {
    const reply = await this.#control.run(command, this.#replyDeadline(signal));
    if (isNegative(reply) && reply.code < 500) this.#traits.preconnect.lower('off');
    return reply;
  }

  /** By EPSV, unless PASV has to do. */
  async #listenExtended(signal: AbortSignal | undefined): Promise<Listening | undefined> {
    if (this.#traits.extendedPassive === 'useless') return undefined;
    const reply = await this.#askForPort(EPSV, signal);
    const port = extendedPort(reply);
    if (port !== undefined) return this.#atExtendedPort(port);
    // 5yz says that EPSV is not understood; 4yz, that no port can be had now.
    if (isNegative(reply) && reply.code < 500) throw refused(EPSV, reply);
    // RFC 2428 §3: the code "MUST be 229"; another 2yz is the reply to another command.
    if (!isNegative(reply) && reply.code !== 229) {
      throw new ProtocolError(`the server answered EPSV with ${replyText(reply)}, and that is no reply to it`);
    }
    this.#traits.extendedPassive = 'useless';
    return undefined;
  }

  /** A port that cannot be reached is EPSV's fault where none ever was, and PASV's can be: some firewalls know only that. */
  async #connectByEpsv(address: HostPort, signal: AbortSignal | undefined): Promise<SocketChannel> {
    try {
      const transport = await this.#connect(address, signal);
      this.#traits.extendedPassive = 'works';
      return transport;
    } catch (error) {
      if (this.#traits.extendedPassive === 'works' || !isUnreachable(error)) throw error;
      this.#traits.extendedPassive = 'doubtful';
      throw error;
    }
  }

  /** EPRT, or PORT where that is not understood. */
  async #listenHere(signal: AbortSignal | undefined): Promise<Listening> {
    const { local, remote } = this.#control;
    const deadline = { timeoutMs: this.#options.timeouts.replyMs, signal };
    const listener = await ActiveListener.open(local.address, remote.address);
    try {
      const extended = outgoing('EPRT', encodeEprtArgument(hostPortOf(listener.endpoint)));
      const reply = this.#traits.refusesExtendedPort ? undefined : await this.#control.run(extended, deadline);
      if (reply !== undefined && isNegative(reply) && reply.code < 500) throw refused(extended, reply);
      if (reply === undefined || isNegative(reply)) {
        // RFC 959 has no address of six bytes for IPv6; then the refusal of EPRT is the last word.
        if (reply !== undefined && isIPv6(local.address)) throw refused(extended, reply);
        await this.#control.demand(outgoing('PORT', encodePortArgument(hostPortOf(listener.endpoint))), deadline);
        this.#traits.refusesExtendedPort = true;
      }
    } catch (error) {
      listener.close();
      throw error;
    }
    const timeoutMs = this.#options.timeouts.connectMs;
    return {
      connect: (ending) => listener.accept({ timeoutMs, signal: ending }),
      close: () => {
        listener.close();
      },
    };
  }

  async #connect({ host, port }: HostPort, signal: AbortSignal | undefined): Promise<SocketChannel> {
    const timeoutMs = this.#options.timeouts.connectMs;
    try {
      return await SocketChannel.connect({ host, port, timeoutMs, signal });
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      throw new ConnectionError(
        `the data connection failed (${error.message}); a firewall may keep the server's passive ports closed`,
        { cause: error },
      );
    }
  }

  /** Does the TLS handshake, presenting a ticket of the control connection. Rejects as `TlsConnector.connect` does. */
  async protect(transport: SocketChannel): Promise<DataConnection> {
    if (this.#protection === undefined) return { channel: transport, handshake: undefined };
    const { connector, binding } = this.#protection;
    const { host, timeouts } = this.#options;
    const channel = await connector.connect(transport, { role: 'data', host, binding, timeoutMs: timeouts.tlsMs });
    return { channel, handshake: channel.handshake };
  }

  /** What would fail at the handshake must fail before the server is told to begin: STOR empties the file it names. Throws `NotResumedError`. */
  #mustHaveTicket(): void {
    if (this.#protection === undefined || this.#options.whenEmpty !== 'fail') return;
    if (this.#protection.binding.tickets.size > 0) return;
    throw new NotResumedError(
      "no unused ticket is left for the data connection: the server issued too few; allow whenEmpty: 'reuse-last'",
      'full-handshake',
    );
  }
}

/** Lets go of what nobody took. */
export function letGo(agreed: Promise<Listening>): void {
  agreed.then(
    (listening) => {
      listening.close();
    },
    () => undefined,
  );
}

/** Whether nobody answered at the port, or nothing. */
function isUnreachable(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof TimeoutError;
}

function hostPortOf({ address, port }: Endpoint): HostPort {
  return { host: address, port };
}

/** undefined where the reply is not a 229 with a port in it: then there is still PASV. */
function extendedPort(reply: Reply): number | undefined {
  if (reply.code !== 229) return undefined;
  try {
    return parseExtendedPassiveReply(reply.lines.join(' '));
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

function passiveAddress(reply: Reply): HostPort {
  try {
    return parsePassiveReply(reply.lines.join(' '));
  } catch (cause) {
    if (cause instanceof GrammarError) throw new ProtocolError(cause.message, { cause });
    throw cause;
  }
}
