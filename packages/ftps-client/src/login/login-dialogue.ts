// From a protected control connection to a login that can move files (RFC 959 §5.4, RFC 4217 §12).
import { parseFeatures, type Reply } from '@ftps-kit/ftp-protocol';
import type { Credentials } from '../client-options.js';
import type { ControlConnection, ReplyDeadline } from '../control/control-connection.js';
import type { Exchange } from '../control/exchange.js';
import { outgoing } from '../control/outgoing-command.js';
import { LoginError, ProtocolError, ReplyError, isCompletion, replyText } from '../errors.js';
import type { Features } from './features.js';
import { saysNoRoom } from './login-reply.js';

const NEED_PASSWORD = 331;
const NEED_ACCOUNT = 332;
const NOT_LOGGED_IN = 530;
/** Not in RFC 959; some servers say it for a wrong user or password. */
const INVALID_CREDENTIALS = 430;

/** How to log in. */
export interface LoginRequest {
  readonly credentials: Credentials;
  /** Whether the control connection is protected; then data connections must be. */
  readonly isProtected: boolean;
  /** Whether a refusal without a reason may be for something that passes. */
  readonly mayPass: boolean;
  /** Whether the settings go out behind the password without waiting for its reply. */
  readonly pipelines: boolean;
  /** The limit of each wait for a reply. */
  readonly deadline: ReplyDeadline;
  /** The limit for the replies to what was sent without waiting. */
  readonly pipelinedDeadline: ReplyDeadline;
}

/** USER, PASS and ACCT as they are asked for, then the settings: PBSZ, PROT, FEAT, TYPE. */
export class LoginDialogue {
  /** Whether something was sent without waiting for the reply before it, and a server that minds might go silent. */
  hasPipelined = false;
  readonly #control: ControlConnection;
  readonly #request: LoginRequest;

  constructor(control: ControlConnection, request: LoginRequest) {
    this.#control = control;
    this.#request = request;
  }

  /**
   * Logs in and gives the features. Rejects with `LoginError`, with `ReplyError` where the server is busy or does not
   * protect data connections, and with `ProtocolError` where it asks for what it was just given.
   */
  async run(): Promise<Features> {
    const { credentials, deadline, pipelines } = this.#request;
    const user = credentials.userCommand();
    const answer = await this.#control.run(user, deadline);
    if (answer.code !== NEED_PASSWORD) {
      await this.#finish(user.verb, answer);
      return this.#set();
    }
    const pass = credentials.passwordCommand();
    if (pass === undefined)
      throw new LoginError(user.verb, answer, `the server wants a password for ${credentials.user}`);
    if (!pipelines) {
      await this.#finish(pass.verb, await this.#control.run(pass, deadline));
      return this.#set();
    }
    // RFC 959 §5.4 has the user wait for each reply. Nothing is sent here whose meaning hangs on the reply to PASS: where
    // that is negative the login is over, and where ACCT is wanted the settings are sent again.
    const passed = this.#control.begin(pass);
    const settings = this.#beginSettings();
    const reply = await this.#control.replyTo(passed.final, deadline);
    if (reply.code !== NEED_ACCOUNT) {
      await this.#finish(pass.verb, reply);
      return this.#judge(settings);
    }
    for (const setting of settings) await this.#control.replyTo(setting.final, this.#request.pipelinedDeadline);
    await this.#finish(pass.verb, reply);
    return this.#set();
  }

  /** ACCT where it is asked for; resolves when the user is in. */
  async #finish(verb: string, reply: Reply): Promise<void> {
    if (reply.code === NEED_ACCOUNT) await this.#giveAccount(verb, reply);
    else this.#mustBeIn(verb, reply);
  }

  async #giveAccount(askedBy: string, question: Reply): Promise<void> {
    const { credentials, deadline } = this.#request;
    const account = credentials.accountCommand();
    if (account === undefined) {
      throw new LoginError(
        askedBy,
        question,
        `the server wants an account (ACCT) for ${credentials.user}: give one (option 'account')`,
      );
    }
    const reply = await this.#control.run(account, deadline);
    // RFC 959 §5.4 has no 332 among the replies to ACCT: whoever answers it with the same again gets the same for ever.
    if (reply.code === NEED_ACCOUNT) {
      throw new ProtocolError(`the server answered ACCT by asking for an account again: ${replyText(reply)}`);
    }
    this.#mustBeIn(account.verb, reply);
  }

  #mustBeIn(verb: string, reply: Reply): void {
    // 202: "Command not implemented, superfluous at this site" (RFC 959 §5.4), the answer of some to a needless PASS.
    if (reply.code < 200 || reply.code >= 300) throw refusedLogin(verb, reply, this.#request);
  }

  /**
   * RFC 4217 §9: PBSZ comes before PROT, with 0. §12.4 shows both before USER, and allows them anywhere behind AUTH; behind
   * the login they are understood by all: some servers answer 530 before it. RFC 959 §3.1.1: without TYPE I files are
   * ASCII, and SIZE counts other bytes than RETR moves.
   */
  #settings() {
    const protection = this.#request.isProtected ? [outgoing('PBSZ', '0'), outgoing('PROT', 'P')] : [];
    return [...protection, outgoing('FEAT'), outgoing('TYPE', 'I')];
  }

  #beginSettings(): readonly Exchange[] {
    this.hasPipelined = true;
    return this.#settings().map((setting) => this.#control.begin(setting));
  }

  /** Sends the settings to a server that has logged the user in. */
  #set(): Promise<Features> {
    if (this.#request.pipelines) return this.#judge(this.#beginSettings());
    return this.#setOneByOne();
  }

  async #setOneByOne(): Promise<Features> {
    const { deadline } = this.#request;
    const replies = new Map<string, Reply>();
    for (const setting of this.#settings()) {
      const reply = await this.#control.run(setting, deadline);
      demandSetting(setting.verb, reply);
      replies.set(setting.verb, reply);
    }
    return featuresIn(replies);
  }

  /** The replies to settings that went out together. A refusal ends the login at once, unless it may be for the haste. */
  async #judge(settings: readonly Exchange[]): Promise<Features> {
    const replies = new Map<string, Reply>();
    let tooEarly = false;
    for (const { verb, final } of settings) {
      const reply = await this.#control.replyTo(final, this.#request.pipelinedDeadline);
      tooEarly ||= TOO_EARLY.includes(reply.code);
      if (!tooEarly) demandSetting(verb, reply);
      replies.set(verb, reply);
    }
    if (!tooEarly) return featuresIn(replies);
    return this.#setOneByOne();
  }
}

/** "Bad sequence of commands" and "Not logged in": what a server says that heard a command before it was done with PASS. */
const TOO_EARLY: readonly number[] = [503, 530];

/** PROT P must be accepted: no file moves in clear. Where only PBSZ is refused, PROT decides; FEAT may be unknown. */
function demandSetting(verb: string, reply: Reply): void {
  if (isCompletion(reply)) return;
  if (verb === 'PROT') {
    throw new ReplyError('PROT', reply, 'the server does not protect data connections, and no file moves in clear');
  }
  if (verb === 'TYPE') throw new ReplyError('TYPE', reply, 'the server does not move files as they are (TYPE I)');
}

function featuresIn(replies: ReadonlyMap<string, Reply>): Features {
  const reply = replies.get('FEAT');
  return reply === undefined ? new Map() : parseFeatures(reply);
}

function refusedLogin(verb: string, reply: Reply, { credentials: { user }, mayPass }: LoginRequest): ReplyError {
  const permanent = reply.code >= 500 || reply.code === INVALID_CREDENTIALS || reply.code < 400;
  if (!permanent) return new ReplyError(verb, reply, `the server cannot log ${user} in now`);
  if (saysNoRoom(reply)) return new LoginError(verb, reply, `the server has no room for another login of ${user}`);
  if (reply.code !== NOT_LOGGED_IN || !mayPass) {
    return new LoginError(verb, reply, `the server refused the login of ${user}`);
  }
  return new LoginError(verb, reply, `the server refused the login of ${user}, which it has taken before`, { mayPass });
}
