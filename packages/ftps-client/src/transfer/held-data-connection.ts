// A data connection that is asked for while the login is at rest, so that the next read need not wait for it.
import { AbortedError, withDeadline, type SocketChannel } from '@ftps-kit/tls-core';
import { findStep, type StepContext } from '../control/coming-into-step.js';
import { outgoing } from '../control/outgoing-command.js';
import { ProtocolError, ReplyError } from '../errors.js';
import { PRECONNECT } from '../limits.js';
import type { PreconnectLevel } from '../login/preconnect-bound.js';
import type { ServerTraits } from '../login/server-traits.js';
import type { DataConnections, Listening } from './data-connection.js';

/** What is held: a port to connect to, or a TCP connection to it, on which nothing was said, so that it has cost no ticket. */
export type HeldKind = Exclude<PreconnectLevel, 'off'>;

/** Where somebody listens, found out ahead of the transfer. */
export interface ListeningAhead extends Listening {
  readonly kind: HeldKind;
}

interface Held {
  readonly kind: HeldKind;
  readonly listening: Listening;
  /** The connection to it, where one was made or begun. */
  transport: Promise<SocketChannel> | undefined;
  /** Ends the making of it. */
  readonly ending: AbortController;
  /** When it is too old, by `performance.now()`. */
  readonly until: number;
  /** Whether the connection has ended, or something came on it. */
  isSpoilt: boolean;
  /** Whether the server was told to let go of it, so that its end is nothing to learn from. */
  isGoing: boolean;
}

type HeldContext = StepContext & { readonly data: DataConnections; readonly traits: ServerTraits };

const NOTHING = new Uint8Array(0);

/**
 * Asks for it, holds it for a bounded time, and gives it to one read. Between `rest` and `wake` it is the only one that speaks on the
 * control connection, and only there, or in `take`, does it let go of anything: by ABOR, and behind its reply by a command whose reply
 * is unmistakable; or in `replace`, by the next EPSV. vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50, pyftpdlib 1.5.7, ftp-srv 4.6.3 and
 * ftps-kit were seen to answer ABOR once then (225 or 226), to let go of port and connection (vsftpd and Pure-FTPd: at the next EPSV),
 * and to say no more of them. A connection that was just dropped is another matter: pyftpdlib waits for ever at the next RETR, vsftpd
 * ends the login.
 */
export class HeldDataConnection {
  readonly #context: HeldContext;
  readonly #wanted: PreconnectLevel;
  readonly #bounds: typeof PRECONNECT;
  readonly #stopWatching: () => void;
  #held: Held | undefined;
  /** What is being said to the server; never rejects. */
  #dialogue: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isAtRest = false;
  /** Whether a transfer, or the login, came to its end since the server was last asked. */
  #isDue = true;
  #renewalsLeft: number;
  #isOver = false;
  #hasCostLogin = false;

  constructor(context: HeldContext, wanted: PreconnectLevel, bounds = PRECONNECT) {
    this.#context = context;
    this.#wanted = wanted;
    this.#bounds = bounds;
    this.#renewalsLeft = bounds.renewals;
    context.control.whenLost(() => {
      this.#onLoss();
    });
    this.#stopWatching = context.traits.preconnect.whenLowered(() => {
      if (this.#isAtRest) this.rest();
    });
  }

  /** Whether one is held. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Whether the login was lost to this: then it is opened again, whatever the options say of logins that are lost. */
  get hasCostLogin(): boolean {
    return this.#hasCostLogin;
  }

  /** To be called when no call is under way. */
  rest(): void {
    this.#isAtRest = true;
    // Between RNFR and RNTO, which a caller may say by hand, nothing else may be said.
    if (this.#isOver || this.#dialogue !== undefined || this.#context.control.isLedUp) return;
    const held = this.#held;
    if (held !== undefined && (held.isSpoilt || this.#kind === 'off')) void this.#speak(() => this.#letGo());
    else if (held !== undefined) this.#after(held.until - performance.now(), () => this.#renew());
    else if (this.#isDue && this.#mayAsk) this.#after(this.#bounds.restMs, () => this.#ask());
  }

  /** To be called before a call says anything; resolves when nothing is being said here. Rejects with `AbortedError`. */
  async wake(signal: AbortSignal | undefined): Promise<void> {
    this.#isAtRest = false;
    clearTimeout(this.#timer);
    if (this.#dialogue !== undefined) await withDeadline('reply', { signal }, this.#dialogue, () => undefined);
  }

  /** Gives what is held to a read; undefined where there is none. Never rejects. */
  async take(): Promise<ListeningAhead | undefined> {
    this.#noteTransfer();
    const held = this.#held;
    if (held === undefined) return undefined;
    if (held.isSpoilt || performance.now() >= held.until) {
      await this.#speak(() => this.#letGo());
      return undefined;
    }
    this.#held = undefined;
    return listeningOf(held);
  }

  /**
   * Asks anew for a transfer that is not to have what is held: the server lets go of that at the next EPSV. Where that is refused,
   * which may have been said unasked of what was held, it asks once more behind that. Rejects as `DataConnections.listen`.
   */
  async replace(signal: AbortSignal | undefined): Promise<Listening> {
    this.#noteTransfer();
    const { control, data, traits } = this.#context;
    const { extendedPassive } = traits;
    if (this.#held !== undefined) this.#held.isGoing = true;
    try {
      return await data.listen(signal);
    } catch (error) {
      if (error instanceof AbortedError || control.isLost) throw error;
      await findStep(this.#context);
      traits.extendedPassive = extendedPassive;
      return await data.listen(signal);
    } finally {
      this.#drop();
    }
  }

  /** Has the connection made at once: a transfer follows, and something is asked before. */
  hasten(): void {
    if (this.#held !== undefined) this.#connect(this.#held);
  }

  /** Lets go of everything at once, as the login ends. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#stopWatching();
    this.#drop();
  }

  get #mayAsk(): boolean {
    return this.#kind !== 'off' && this.#context.data.mayAskAhead;
  }

  /** What was asked for, as far as the server stands it. */
  get #kind(): PreconnectLevel {
    return this.#context.traits.preconnect.within(this.#wanted);
  }

  #noteTransfer(): void {
    this.#isDue = true;
    this.#renewalsLeft = this.#bounds.renewals;
  }

  #drop(): void {
    if (this.#held !== undefined) drop(this.#held);
    this.#held = undefined;
  }

  #after(delayMs: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#speak(work), Math.max(0, delayMs)).unref();
  }

  /** What is said is over when the replies are in, or the connection is lost. */
  #speak(work: () => Promise<void>): Promise<void> {
    const dialogue = work()
      // The control connection tells of its own loss, and everything else is no matter to anybody.
      .catch(() => undefined)
      .finally(() => {
        this.#dialogue = undefined;
        if (this.#isAtRest) this.rest();
      });
    this.#dialogue = dialogue;
    return dialogue;
  }

  async #ask(): Promise<void> {
    const { data, control } = this.#context;
    this.#isDue = false;
    const kind = this.#kind;
    if (kind === 'off') return;
    let listening: Listening;
    try {
      listening = await data.listen(undefined);
    } catch {
      // What was taken for a refusal may have been said of something else.
      if (!control.isLost) await findStep(this.#context);
      return;
    }
    const until = performance.now() + this.#bounds.holdMs;
    const ending = new AbortController();
    const held: Held = { kind, listening, transport: undefined, ending, until, isSpoilt: false, isGoing: false };
    if (this.#isOver) return;
    control.expectUnasked();
    this.#held = held;
    if (kind === 'connection') this.#connect(held);
  }

  #connect(held: Held): void {
    if (held.transport !== undefined) return;
    held.transport = held.listening.connect(held.ending.signal);
    const spoil = (): void => {
      if (this.#held !== held || held.isGoing) return;
      held.isSpoilt = true;
      this.#context.traits.preconnect.lower(lessThan(held.kind));
      if (this.#isAtRest) this.rest();
    };
    // To read nothing waits for something to come, and leaves it there: TLS servers say nothing first.
    held.transport.then((transport) => transport.read(NOTHING)).then(spoil, spoil);
  }

  async #renew(): Promise<void> {
    await this.#letGo();
    if (this.#renewalsLeft === 0 || !this.#isAtRest || !this.#mayAsk) return;
    this.#renewalsLeft -= 1;
    await this.#ask();
  }

  /** The server is the first to let go: some say something of a connection that ends without a transfer. */
  async #letGo(): Promise<void> {
    const { control, timeouts } = this.#context;
    if (this.#held !== undefined) this.#held.isGoing = true;
    try {
      await control.run(outgoing('ABOR'), { timeoutMs: timeouts.closeMs });
      await findStep(this.#context);
    } finally {
      this.#drop();
    }
  }

  /** A server that says something of its own, or hangs up when it is spoken to, minds what is held; one that is gone does not. */
  #onLoss(): void {
    const { control, traits } = this.#context;
    const isServersWord = control.loss instanceof ProtocolError || control.loss instanceof ReplyError;
    const isSpokenTo = this.#dialogue !== undefined;
    if (!this.#isOver && (isSpokenTo || (this.isHolding && isServersWord))) {
      this.#hasCostLogin = true;
      traits.preconnect.lower(lessThan(this.#held?.kind ?? 'port'));
    }
    this.close();
  }
}

/** What to ask for where this did not serve its transfer, or cost the login. */
export function lessThan(kind: HeldKind): PreconnectLevel {
  return kind === 'connection' ? 'port' : 'off';
}

function listeningOf(held: Held): ListeningAhead {
  const { kind, listening, transport } = held;
  let isTaken = false;
  return {
    kind,
    connect: async (signal) => {
      isTaken = true;
      if (transport === undefined) return listening.connect(signal);
      return withDeadline('connect', { signal }, transport, () => {
        drop(held);
      });
    },
    close: () => {
      if (!isTaken) drop(held);
    },
  };
}

function drop({ transport, ending }: Held): void {
  ending.abort();
  transport?.then(
    (made) => {
      made.destroy();
    },
    () => undefined,
  );
}
