// What a client has learned about a server and need not find out again, also not after it connected anew.

import { systemClock, type Clock } from '@ftps-kit/tls-core';
import { LearnedClock } from './learned-clock.js';
import { LoginRefusals } from './login-refusals.js';
import { PreconnectBound } from './preconnect-bound.js';

/** Changed by whoever finds something out. Every trait begins as the RFCs have it. */
export class ServerTraits {
  /**
   * EPSV. `works`: a data connection was made to a port that it named. `doubtful`: one could not be made, and PASV is to show
   * whether that is EPSV's fault. `useless`: it is not understood, or PASV worked where it did not; PASV from then on.
   */
  extendedPassive: 'untried' | 'works' | 'doubtful' | 'useless' = 'untried';
  /**
   * A read's command right behind EPSV, without waiting for its reply. `works`: a transfer came of it. `minded`: nothing did,
   * and without it did.
   */
  commandBehindPassive: 'untried' | 'works' | 'minded' = 'untried';
  /** How much may be asked of it ahead of a transfer. */
  readonly preconnect = new PreconnectBound();
  /** EPRT was not understood: PORT from then on. */
  refusesExtendedPort = false;
  /** It lost, or refused, what was sent without waiting for the reply before it. */
  mindsPipelining = false;
  /** It answers a transfer command with a refusal where the data connection is not there yet. */
  wantsDataConnectionFirst = false;
  /** It refused a NOOP in the middle of a transfer, or left it without a reply. */
  mindsNoop = false;
  /** It takes a ClientHello that comes at once behind its 234 for a command: TLS has to wait for it a moment. */
  isSlowToTls = false;
  /** The key exchange group that it asked for under TLS 1.3, where that was not the one that came first in the ClientHello. */
  keyExchangeGroup: string | undefined;
  /** How it spells names; undefined until FEAT or a listing has shown. Logins with an `encoding` of their own do not go by it. */
  nameEncoding: 'utf8' | 'latin1' | undefined;
  /** That its LIST writes by, as far as listings and MDTM have shown it. */
  readonly serverClock: LearnedClock;
  /** Of a server without FEAT: which of the commands that were tried all the same it does not know. */
  readonly unknownCommands = new Set<string>();
  /** It does not take back a range that RANG has set. */
  keepsRanges = false;
  /** Who resumes a control connection under TLS 1.3 gets no new ticket, and so no data connection that resumes. */
  leavesReturningWithoutTickets = false;
  /** `LIST -a`: whether `-a` is understood as an option, and not as a name or a pattern. */
  listOptions: 'untried' | 'works' | 'useless' = 'untried';
  /** `LIST -a` of a folder has `.` and `..` in it. It is looked at where a listing is like one of no folder. */
  listsFolderItself: 'untried' | 'yes' | 'no' = 'untried';
  /** It lists MLST, and does not know MLSD. */
  lacksMachineListing = false;
  /** Somebody has logged in there: it speaks as the options say. */
  hasLetIn = false;
  /** Whom it has refused how often. */
  readonly refusals: LoginRefusals;

  constructor(clock: Clock = systemClock) {
    this.serverClock = new LearnedClock(clock);
    this.refusals = new LoginRefusals(clock);
  }
}
