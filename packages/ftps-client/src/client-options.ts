// The caller's options, parsed once into a frozen and fully defaulted object.
import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import {
  ConfigError,
  parseClientPolicy,
  selectEngine,
  type ClientPolicy,
  type ClientTlsOptions,
  type EngineChoice,
  type TlsEngine,
  type WhenEmpty,
} from '@ftps-kit/tls-core';
import {
  MAX_TIMER_MS,
  flag,
  knownKeys,
  oneOf,
  optionalSignal,
  optionalText,
  portNumber,
  wholeNumber,
} from '@ftps-kit/tls-core/internal';
import { announceNothing, type Announce } from './client-events.js';
import { outgoing, type OutgoingCommand } from './control/outgoing-command.js';
import { DEFAULT_TIMEOUTS } from './limits.js';
import { ServerMemory } from './login/server-memory.js';
import { parseTimeZone, type ServerTimeZone } from './login/server-time-zone.js';
import { ControlTickets } from './tickets/control-tickets.js';

/** Time limits by phase, milliseconds; each has a default. */
export interface Timeouts {
  /** A TCP connection. Default 30,000. */
  readonly connectMs: number;
  /** A TLS handshake. Default 30,000. */
  readonly tlsMs: number;
  /** A reply on the control connection. Default 30,000. */
  readonly replyMs: number;
  /** A data connection on which nothing moves. Default 30,000. */
  readonly stallMs: number;
  /** QUIT, and the way back into step after an aborted transfer. Default 5,000. */
  readonly closeMs: number;
}

/** Where to log in, and how. */
export interface FtpsClientOptions {
  /** Name or address; what the certificate is checked for. */
  readonly host: string;
  /** Default 21, or 990 where the mode is implicit. */
  readonly port?: number | undefined;
  /** Default `explicit`: AUTH TLS (RFC 4217). `implicit` is TLS from the first byte. */
  readonly mode?: 'explicit' | 'implicit' | undefined;
  /** Default `anonymous`. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** For the rare server that answers 332: what ACCT is told. */
  readonly account?: string | undefined;
  /** Versions, cipher suites, trust. Default: TLS 1.3 or 1.2, and Node's bundled roots. */
  readonly tls?: ClientTlsOptions | undefined;
  /** Default `auto`. */
  readonly engine?: EngineChoice | TlsEngine | undefined;
  /** What to do for a data connection when no unused ticket is left. Default `reuse-last`. */
  readonly whenEmpty?: WhenEmpty | undefined;
  /**
   * What to do when a data connection did not resume the control connection's TLS session. Default `allow`: the result
   * says `resumed: false`. `fail`: `NotResumedError` before a byte moves. `pin-1.2`: connects anew, once, with TLS 1.2,
   * whose sessions resume where a server cannot do it under TLS 1.3, and does there what failed; `fail` from then on.
   */
  readonly onNotResumed?: 'allow' | 'fail' | 'pin-1.2' | undefined;
  /** What is known of servers, to be shared between clients. Default: one of this client's own. */
  readonly memory?: ServerMemory | undefined;
  /**
   * Tickets of control connections, kept for later ones: to be shared between clients, or kept in a folder for the next
   * process. Default: none are kept, and each control connection has the server show its certificate.
   */
  readonly controlTickets?: ControlTickets | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /**
   * Where data connections go after PASV. Default `control`: to the host of the control connection, whatever the reply
   * says, since servers behind NAT name addresses of their own. `reply` believes the reply.
   */
  readonly passiveAddress?: 'control' | 'reply' | undefined;
  /**
   * Whether a call that finds the control connection lost opens the login again, in the working folder it had. The call
   * under way when it was lost rejects all the same. Default false: every later call rejects with `ConnectionError`.
   */
  readonly reconnect?: boolean | undefined;
  /**
   * How the server spells names. Default `auto`: UTF-8 where the server lists it (RFC 2640); where not, the first listing
   * with other than ASCII in it shows whether it is UTF-8 or latin1. Under UTF-8, a name that is none has each stray byte
   * as a lone surrogate, U+DC80 to U+DCFF, and is found under that name again.
   */
  readonly encoding?: 'auto' | 'utf8' | 'latin1' | undefined;
  /**
   * The time zone of the times in LIST, on servers without MLSD: a name (`Europe/Berlin`), an offset (`+02:00`), or `learn`:
   * the times of some files, at most 24 of a listing, are asked for with MDTM, which is UTC, and compared. An entry has
   * `modifiedAt` then where they prove it: not where LIST shows but the day. Default: none, and entries of LIST have no
   * `modifiedAt`.
   */
  readonly serverTimeZone?: string | undefined;
  /**
   * Whether commands go out before the replies to those before them have come, where their meaning does not hang on
   * them. Default `auto`: yes, unless the server is found to mind. `off`: never.
   */
  readonly pipelining?: 'auto' | 'off' | undefined;
  /**
   * Who makes data connections. Default `passive`: this side (EPSV, PASV). `active`: the server, to a port of this side
   * (EPRT, PORT), where a firewall on its side leaves no other way; TLS is the same, with this side as its client.
   */
  readonly dataConnections?: 'passive' | 'active' | undefined;
  /**
   * What is asked for while the login is at rest, so that the next download or listing need not wait for it. `port`: the server
   * listens already, which saves a round trip. `connection`: the TCP connection stands too, which saves two. An idle login keeps
   * one of the server's passive ports so. Default `off`; nothing else is right with `dataConnections: 'active'`, with
   * `whenEmpty: 'fail'` and without TLS.
   */
  readonly preconnect?: 'off' | 'port' | 'connection' | undefined;
  /**
   * How often NOOP is said on the control connection while a file moves, milliseconds, for firewalls that forget a connection
   * on which nothing is said for long; to a server that refuses it, no more. Default 0: never. TCP keeps it alive anyway.
   */
  readonly transferKeepAliveMs?: number | undefined;
  /** DANGEROUS: no TLS at all, so that everybody on the way reads password and files. Default false. */
  readonly dangerouslyPlain?: boolean | undefined;
  /** Ends the connecting; later calls take signals of their own. */
  readonly signal?: AbortSignal | undefined;
}

/** Who logs in. Password and account show neither in `inspect` nor in JSON. */
export class Credentials {
  readonly user: string;
  readonly #password: string | undefined;
  readonly #account: string | undefined;

  constructor(user: string, password: string | undefined, account: string | undefined) {
    this.user = user;
    this.#password = password;
    this.#account = account;
  }

  /** Tells the same credentials from others, within this process; nothing can be read off it. */
  get fingerprint(): string {
    const parts = [this.user, this.#password ?? null, this.#account ?? null];
    return createHmac('sha256', FINGERPRINT_KEY).update(JSON.stringify(parts)).digest('base64');
  }

  userCommand(): OutgoingCommand {
    return outgoing('USER', this.user);
  }

  /** undefined where no password was given and the user needs one. */
  passwordCommand(): OutgoingCommand | undefined {
    // RFC 1635 §3: an anonymous user gives a mail address, or anything.
    const password = this.#password ?? (/^(?:anonymous|ftp)$/i.test(this.user) ? 'anonymous@' : undefined);
    return password === undefined ? undefined : outgoing('PASS', password);
  }

  /** undefined where no account was given. */
  accountCommand(): OutgoingCommand | undefined {
    return this.#account === undefined ? undefined : outgoing('ACCT', this.#account);
  }

  [inspect.custom](): string {
    return `Credentials { user: ${inspect(this.user)} }`;
  }
}

const FINGERPRINT_KEY = randomBytes(32);

/** The options, checked. */
export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly mode: 'explicit' | 'implicit';
  readonly credentials: Credentials;
  readonly policy: ClientPolicy;
  readonly engine: TlsEngine;
  readonly whenEmpty: WhenEmpty;
  readonly onNotResumed: 'allow' | 'fail' | 'pin-1.2';
  readonly memory: ServerMemory;
  readonly controlTickets: ControlTickets | undefined;
  readonly timeouts: Timeouts;
  readonly passiveAddress: 'control' | 'reply';
  readonly dataConnections: 'passive' | 'active';
  readonly plain: boolean;
  readonly reconnect: boolean;
  /** Tells the listeners of the client. */
  readonly announce: Announce;
  readonly encoding: 'auto' | 'utf8' | 'latin1';
  readonly pipelining: 'auto' | 'off';
  readonly preconnect: 'off' | 'port' | 'connection';
  readonly transferKeepAliveMs: number;
  readonly serverTimeZone: ServerTimeZone | 'learn' | undefined;
  readonly signal: AbortSignal | undefined;
}

const KEYS: readonly string[] = [
  'host',
  'port',
  'mode',
  'user',
  'password',
  'account',
  'tls',
  'engine',
  'whenEmpty',
  'onNotResumed',
  'memory',
  'controlTickets',
  'timeouts',
  'passiveAddress',
  'dataConnections',
  'reconnect',
  'encoding',
  'pipelining',
  'preconnect',
  'transferKeepAliveMs',
  'serverTimeZone',
  'dangerouslyPlain',
  'signal',
] satisfies readonly (keyof FtpsClientOptions)[];

/** Throws `ConfigError` that names the wrong option and what is right. */
export function parseClientOptions(options: FtpsClientOptions, announce: Announce = announceNothing): ClientOptions {
  knownKeys('', options, KEYS);
  if (typeof options.host !== 'string' || options.host === '') throw new ConfigError('host: name the server');
  const mode = oneOf('mode', options.mode ?? 'explicit', ['explicit', 'implicit']);
  const plain = flag('dangerouslyPlain', options.dangerouslyPlain ?? false);
  if (plain && mode === 'implicit') throw new ConfigError('dangerouslyPlain: implicit TLS cannot be plain');
  const policy = parseClientPolicy(options.tls);
  if (options.onNotResumed === 'pin-1.2' && policy.minVersion === 'TLSv1.3') {
    throw new ConfigError("onNotResumed: 'pin-1.2' needs TLS 1.2 to be allowed, and tls.versions is '1.3'");
  }
  const dataConnections = oneOf('dataConnections', options.dataConnections ?? 'passive', ['passive', 'active']);
  const preconnect = oneOf('preconnect', options.preconnect ?? 'off', ['off', 'port', 'connection']);
  const whenEmpty = oneOf('whenEmpty', options.whenEmpty ?? 'reuse-last', ['reuse-last', 'full-handshake', 'fail']);
  if (preconnect !== 'off') mustStandPreconnect({ dataConnections, whenEmpty, plain });
  const credentials = parseCredentials(options);
  return Object.freeze({
    host: options.host,
    port: portNumber('port', options.port ?? (mode === 'implicit' ? 990 : 21), 1),
    mode,
    credentials,
    policy,
    engine: selectEngine(options.engine),
    whenEmpty,
    onNotResumed: oneOf('onNotResumed', options.onNotResumed ?? 'allow', ['allow', 'fail', 'pin-1.2']),
    memory: parseMemory(options.memory),
    controlTickets: parseControlTickets(options.controlTickets),
    timeouts: parseTimeouts(options.timeouts ?? {}),
    passiveAddress: oneOf('passiveAddress', options.passiveAddress ?? 'control', ['control', 'reply']),
    dataConnections,
    preconnect,
    plain,
    reconnect: flag('reconnect', options.reconnect ?? false),
    announce,
    encoding: oneOf('encoding', options.encoding ?? 'auto', ['auto', 'utf8', 'latin1']),
    serverTimeZone: parseServerTimeZone(options.serverTimeZone),
    transferKeepAliveMs: wholeNumber('transferKeepAliveMs', options.transferKeepAliveMs ?? 0, 0, MAX_TIMER_MS),
    pipelining: oneOf('pipelining', options.pipelining ?? 'auto', ['auto', 'off']),
    signal: optionalSignal('signal', options.signal),
  });
}

/** Whatever is held may be of no use, and only the TLS handshake on it shows that nothing was said on it before. */
function mustStandPreconnect({
  dataConnections,
  whenEmpty,
  plain,
}: Pick<ClientOptions, 'dataConnections' | 'whenEmpty' | 'plain'>): void {
  if (dataConnections === 'active') {
    throw new ConfigError(
      "preconnect: where the server makes the data connections ('active') nothing can be made ahead",
    );
  }
  if (plain)
    throw new ConfigError('preconnect: without TLS (dangerouslyPlain) nothing tells what was held from what was not');
  if (whenEmpty === 'fail') {
    throw new ConfigError(
      "preconnect: where what was held is of no use another ticket is needed, and whenEmpty: 'fail' may have none",
    );
  }
}

function parseCredentials(options: FtpsClientOptions): Credentials {
  const user = optionalText('user', options.user) ?? 'anonymous';
  if (user === '') throw new ConfigError('user: is empty; leave it out for an anonymous login');
  const [password, account] = [optionalText('password', options.password), optionalText('account', options.account)];
  const credentials = new Credentials(user, password, account);
  // Encoded once for the check: a user or password that cannot be sent must fail here.
  credentials.userCommand();
  credentials.passwordCommand();
  credentials.accountCommand();
  return credentials;
}

function parseMemory(memory: ServerMemory | undefined): ServerMemory {
  if (memory === undefined || memory instanceof ServerMemory) return memory ?? new ServerMemory();
  throw new ConfigError('memory: give a ServerMemory');
}

function parseControlTickets(tickets: ControlTickets | undefined): ControlTickets | undefined {
  if (tickets === undefined || tickets instanceof ControlTickets) return tickets;
  throw new ConfigError('controlTickets: give a ControlTickets');
}

function parseServerTimeZone(zone: string | undefined): ServerTimeZone | 'learn' | undefined {
  return zone === undefined || zone === 'learn' ? zone : parseTimeZone(zone);
}

function parseTimeouts(timeouts: Partial<Timeouts>): Timeouts {
  knownKeys('timeouts', timeouts, Object.keys(DEFAULT_TIMEOUTS));
  const limit = (name: keyof Timeouts): number =>
    wholeNumber(`timeouts.${name}`, timeouts[name] ?? DEFAULT_TIMEOUTS[name], 1, MAX_TIMER_MS);
  return Object.freeze({
    connectMs: limit('connectMs'),
    tlsMs: limit('tlsMs'),
    replyMs: limit('replyMs'),
    stallMs: limit('stallMs'),
    closeMs: limit('closeMs'),
  });
}
