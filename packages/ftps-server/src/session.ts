// What the server knows of one control connection: who is on it, and what the next command builds on.
import type { Endpoint, ServerBinding, TlsChannel } from '@ftps-kit/tls-core';
import type { ByteRange, RepresentationType, TlsProtectionLevel } from '@ftps-kit/ftp-protocol';
import type { GrantedAccount } from './account.js';
import type { AccountSession, SessionRates } from './account-sessions.js';
import type { DataConnectionOpener } from './data-connection-opener.js';
import { newHashChoice, type HashChoice } from './hash-choice.js';
import type { RunningTransfer } from './running-transfer.js';

/** Whether the control connection is protected. Nothing is dispatched while `upgrading`. */
export type ControlSecurity = 'clear' | 'upgrading' | 'protected';

/** How far a login has come. */
export type Login =
  | { readonly state: 'fresh' }
  | { readonly state: 'awaiting-password'; readonly user: string }
  | { readonly state: 'logged-in'; readonly account: GrantedAccount };

/** What moves a login on. */
export type LoginStep =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'accepted'; readonly account: GrantedAccount; readonly entry?: AccountSession }
  | { readonly kind: 'refused' };

export class Session {
  readonly id: string;
  readonly client: Endpoint;
  readonly local: Endpoint;
  /** Where the client connected to: `local`, unless a proxy stands between. */
  readonly reached: Endpoint;
  /** The control connection once it is protected: what sends tickets for data connections. */
  control: TlsChannel | undefined;
  /** The host that the client named by HOST (RFC 7151), in lower case. */
  host: string | undefined;
  workingDirectory = '/';
  type: RepresentationType = 'ascii';
  protection: TlsProtectionLevel = 'C';
  /** Whether PBSZ was given, which PROT needs (RFC 4217 §9). */
  protectionBufferSet = false;
  /** Set by REST, for the next RETR or STOR only. */
  restartAt = 0;
  /** Set by RANG, for the next RETR or HASH only. */
  range: ByteRange | undefined;
  hashing: HashChoice = newHashChoice();
  /** Set by RNFR, for RNTO right behind it. */
  renameFrom: string | undefined;
  /** After EPSV ALL no other way to a data connection is allowed (RFC 2428 §4). */
  extendedPassiveOnly = false;
  /** Lower-case names of the facts that MLSD and MLST give; undefined for all. */
  selectedFacts: readonly string[] | undefined;
  failedLogins = 0;
  /** Ends the session after the command under way, as its account is no more; the control connection says how. */
  dismiss: () => void = () => undefined;
  /** What a transfer command moves at this moment. */
  transfer: RunningTransfer | undefined;
  /** Data connections that are being closed behind their transfers. */
  readonly closings = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #binding: ServerBinding;
  #security: ControlSecurity = 'clear';
  #login: Login = { state: 'fresh' };
  /** The session's part in what all sessions of its account share. */
  #entry: AccountSession | undefined;
  #opener: DataConnectionOpener | undefined;

  constructor(binding: ServerBinding, client: Endpoint, local: Endpoint, reached = local) {
    this.id = binding.id;
    this.#binding = binding;
    this.client = client;
    this.local = local;
    this.reached = reached;
  }

  /** Whether the client came through a proxy, which named it. */
  get proxied(): boolean {
    return this.reached !== this.local;
  }

  /** Owns the tickets of this control connection; a new one does from REIN on. */
  get binding(): ServerBinding {
    return this.#binding;
  }

  /** The host that the client wants: by HOST, or by the name that it asked TLS for. */
  get virtualHost(): string | undefined {
    return this.host ?? this.control?.handshake.serverName?.toLowerCase();
  }

  get security(): ControlSecurity {
    return this.#security;
  }

  /** clear -> upgrading -> protected; only `reinitialize` leads back. */
  moveSecurity(next: 'upgrading' | 'protected'): void {
    const allowed = next === 'upgrading' ? this.#security === 'clear' : this.#security !== 'protected';
    if (!allowed) throw new Error(`control security cannot go from ${this.#security} to ${next}`);
    this.#security = next;
    // RFC 4217 §4.2: parameters are reset by AUTH. What was said in clear, anybody may have said.
    this.selectedFacts = undefined;
    this.hashing = newHashChoice();
    this.host = undefined;
  }

  /**
   * All is as right behind TCP connect (RFC 959 §4.1.1, REIN; RFC 4217 §13): nobody is logged in, TLS is over, and what
   * was issued before resumes nothing. Refused logins stay counted.
   */
  reinitialize(binding: ServerBinding): void {
    this.#leaveAccount();
    this.takeOpener()?.close();
    this.#binding.close();
    this.#binding = binding;
    this.#security = 'clear';
    this.#login = { state: 'fresh' };
    this.control = undefined;
    this.host = undefined;
    this.workingDirectory = '/';
    this.type = 'ascii';
    this.protection = 'C';
    this.protectionBufferSet = false;
    this.restartAt = 0;
    this.range = undefined;
    // draft-bryan-ftpext-hash §3.2: the selection holds "until the session is reinitialized (REIN)".
    this.hashing = newHashChoice();
    this.renameFrom = undefined;
    this.extendedPassiveOnly = false;
    this.selectedFacts = undefined;
  }

  get login(): Login {
    return this.#login;
  }

  /** The account; for handlers whose row in the command table says that they need a login. */
  get account(): GrantedAccount {
    if (this.#login.state !== 'logged-in') throw new Error('no account: the command table lets nobody in here');
    return this.#login.account;
  }

  /** fresh -> awaiting-password -> logged-in; USER begins again from anywhere (RFC 959 §4.1.1). */
  moveLogin(step: LoginStep): void {
    this.#leaveAccount();
    switch (step.kind) {
      case 'user':
        this.#login = { state: 'awaiting-password', user: step.user };
        return;
      case 'accepted':
        this.#login = { state: 'logged-in', account: step.account };
        this.#entry = step.entry;
        // The control connection may have ended while the password was checked.
        if (this.#ended.signal.aborted) this.#leaveAccount();
        this.workingDirectory = step.account.homeDirectory;
        this.failedLogins = 0;
        return;
      case 'refused':
        this.#login = { state: 'fresh' };
        this.failedLogins += 1;
    }
  }

  /** How fast this session may move files. */
  get rates(): SessionRates {
    return this.#entry?.rates ?? { received: [], sent: [] };
  }

  /** Resolves when an upload can begin, so that no data connection waits for it. */
  async uploadsReady(): Promise<void> {
    await this.#entry?.uploadsReady();
  }

  #leaveAccount(): void {
    this.#entry?.leave();
    this.#entry = undefined;
  }

  /** Gives the restart offset and forgets it: it serves one transfer (RFC 3659 §5.3). */
  takeRestart(): number {
    const offset = this.restartAt;
    this.restartAt = 0;
    return offset;
  }

  /** Gives the range and forgets it: it serves one command. */
  takeRange(): ByteRange | undefined {
    const { range } = this;
    this.range = undefined;
    return range;
  }

  /** A new PASV, EPSV, PORT or EPRT ends the one before. */
  replaceOpener(opener: DataConnectionOpener): void {
    this.#opener?.close();
    this.#opener = opener;
  }

  /** The opener of the coming transfer, which serves only that one. */
  takeOpener(): DataConnectionOpener | undefined {
    const opener = this.#opener;
    this.#opener = undefined;
    return opener;
  }

  /** Fires at the end of the control connection: what runs on behalf of it ends too. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Lets go of everything: nothing is bound to this control connection any more. */
  close(): void {
    this.#ended.abort();
    this.#leaveAccount();
    this.takeOpener()?.close();
    this.#binding.close();
  }
}
