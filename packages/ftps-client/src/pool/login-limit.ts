// How many logins a server grants: fewer once it refused one, and one more as time goes by, and at once as it grants them.
import type { ShrinkEvent } from './pool-events.js';
import type { PoolSettings } from './pool-options.js';

export interface LoginLimitOptions {
  readonly settings: Pick<PoolSettings, 'size' | 'growAgainMs'>;
  /** Called when so much time went by that one more may be tried. */
  readonly onRoom: () => void;
  readonly onShrink?: ((event: ShrinkEvent) => void) | undefined;
  readonly onGrow?: ((event: { readonly limit: number }) => void) | undefined;
}

/** Begins with the size that was asked for. */
export class LoginLimit {
  readonly #options: LoginLimitOptions;
  #limit: number;
  #growing: NodeJS.Timeout | undefined;
  /** Whether the server grants more than it did is being found out. */
  #isProbing = false;

  constructor(options: LoginLimitOptions) {
    this.#options = options;
    this.#limit = options.settings.size;
  }

  /** The most logins there may be now. */
  get most(): number {
    return this.#limit;
  }

  /** A login was opened, with which so many stand. */
  granted(standing: number): void {
    // One that was refused at first, and granted when it was tried again, is beyond the limit; and beyond the size one may be
    // for which another was opened, and which its borrower made anew meanwhile.
    while (standing > this.#limit && this.#limit < this.#options.settings.size) this.#grow();
    if (this.#isProbing && standing === this.#limit) this.#grow();
  }

  /** The server refused a login where so many stand. */
  refused(standing: number, error: Error): void {
    this.#isProbing = false;
    if (standing < this.#limit) {
      this.#limit = standing;
      this.#options.onShrink?.({ limit: standing, error });
    }
    this.#growLater();
  }

  /** Calls nobody any more. */
  stop(): void {
    clearTimeout(this.#growing);
  }

  #growLater(): void {
    const { size, growAgainMs } = this.#options.settings;
    clearTimeout(this.#growing);
    if (this.#limit >= size) return;
    this.#growing = setTimeout(() => {
      this.#grow();
      this.#growLater();
      this.#options.onRoom();
    }, growAgainMs).unref();
  }

  /** One more may be tried; if the server grants it, another one at once. */
  #grow(): void {
    const { size } = this.#options.settings;
    this.#isProbing = this.#limit + 1 < size;
    if (this.#limit === size) return;
    this.#limit += 1;
    this.#options.onGrow?.({ limit: this.#limit });
  }
}
