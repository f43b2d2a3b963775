// Which TLS versions a client speaks with a server whose data connections may resume under one and not under another.
import type { ClientOptions } from '../client-options.js';
import { errorOf } from '../errors.js';
import { warn } from '../process-warning.js';

/** `allowed`: what the options allow, TLS 1.3 where the server has it. `pinned`: TLS 1.2. */
export type VersionChoice = 'allowed' | 'pinned';

/** Whether data connections resume under a choice, as far as was seen. */
type Finding = 'untried' | 'works' | 'fails';

/**
 * What one client has found out under each choice, and the choice that follows. It changes with what a data connection has
 * shown and nothing else; that TLS 1.2 works goes to the memory of servers, and is taken back there when it no longer does.
 */
export class VersionPin {
  readonly #options: ClientOptions;
  #choice: VersionChoice = 'allowed';
  #findings: Readonly<Record<VersionChoice, Finding>> = NOTHING_KNOWN;

  /** Begins with nothing known; `recall` asks the memory. */
  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get choice(): VersionChoice {
    return this.#choice;
  }

  /** Whether the choice rests on what was seen, and not on a hope. */
  get isProved(): boolean {
    return this.#findings[this.#choice] === 'works';
  }

  /** The options to open a login with, under this choice. */
  optionsFor(choice: VersionChoice): ClientOptions {
    const options = this.#options;
    if (choice === 'allowed') return options;
    return { ...options, policy: { ...options.policy, maxVersion: 'TLSv1.2' } };
  }

  /**
   * Takes from the memory what this client, an earlier one or another one has left there, before a login is opened: a pin, or
   * that there is none any more. Rejects with `LocalFileError`; then the choice is as it was.
   */
  async recall(): Promise<void> {
    const { memory, host, port, onNotResumed } = this.#options;
    if (onNotResumed !== 'pin-1.2') return;
    const isPinned = await memory.isPinned(host, port);
    if (isPinned && this.#findings.allowed !== 'works') {
      this.#choice = 'pinned';
      this.#findings = { allowed: 'untried', pinned: 'works' };
    } else if (!isPinned && this.#findings.pinned === 'works') {
      this.#choice = 'allowed';
      this.#findings = NOTHING_KNOWN;
    }
  }

  /** Data connections resumed on a login that was opened with this choice. Never rejects. */
  async worked(choice: VersionChoice): Promise<void> {
    const { memory, host, port, onNotResumed, announce } = this.#options;
    if (onNotResumed !== 'pin-1.2' || this.#findings[choice] === 'works') return;
    this.#findings = { ...this.#findings, [choice]: 'works' };
    if (choice === 'allowed') return;
    announce('pin', { host, version: '1.2' });
    await keeping(host, memory.pin(host, port));
  }

  /**
   * A data connection did not resume on a login that was opened with this choice. What worked before and does not now is a
   * server that was changed, of which nothing is known any more. Never rejects.
   */
  async failed(choice: VersionChoice): Promise<void> {
    if (this.#options.onNotResumed !== 'pin-1.2') return;
    const hasWorked = this.#findings[choice] === 'works';
    this.#findings = hasWorked ? NOTHING_KNOWN : { ...this.#findings, [choice]: 'fails' };
    if (choice === 'allowed') return;
    this.#choice = 'allowed';
    if (hasWorked) await this.#forget();
  }

  /** Why TLS 1.2 was chosen no longer counts: the server does not speak it. Never rejects. */
  async refused(): Promise<void> {
    const wasProved = this.isProved;
    this.#choice = 'allowed';
    this.#findings = { allowed: wasProved ? 'untried' : this.#findings.allowed, pinned: 'fails' };
    if (wasProved) await this.#forget();
  }

  /** The choice to try where `choice` has just failed; undefined where the other one is known not to help. */
  after(choice: VersionChoice): VersionChoice | undefined {
    const other = choice === 'allowed' ? 'pinned' : 'allowed';
    const isAsked = this.#options.onNotResumed === 'pin-1.2';
    return isAsked && this.#findings[other] !== 'fails' ? other : undefined;
  }

  choose(choice: VersionChoice): void {
    this.#choice = choice;
  }

  async #forget(): Promise<void> {
    const { memory, host, port, announce } = this.#options;
    announce('unpin', { host });
    await keeping(host, memory.unpin(host, port));
  }
}

const NOTHING_KNOWN = { allowed: 'untried', pinned: 'untried' } as const;

/** What was to be done is done; that the next process has to find out about the server again is no failure of it. */
async function keeping(host: string, change: Promise<void>): Promise<void> {
  await change.catch((error: unknown) => {
    warn(`what was found out about TLS 1.2 on ${host} is not kept: ${errorOf(error).message}`);
  });
}
