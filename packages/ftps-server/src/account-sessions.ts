// What the sessions of one account share: their number, their rates, the count of their bytes.
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { openLocalRoot, parseAccount, type Account, type GrantedAccount } from './account.js';
import type { FileSystem } from './file-system.js';
import { QuotaFileSystem } from './quota-file-system.js';
import { RateLimit } from './rate-limit.js';
import { systemTiming, type Timing } from './timing.js';
import { TreeUsage } from './tree-usage.js';

/** The limits that hold for one session, each way as the server sees it. */
export interface SessionRates {
  readonly received: readonly RateLimit[];
  readonly sent: readonly RateLimit[];
}

/** A session that was let in. */
export interface AccountSession {
  /** Its file system keeps to the quota. */
  readonly account: GrantedAccount;
  readonly rates: SessionRates;
  /** Whether its account has more sessions with it than it may. */
  readonly isOneTooMany: boolean;
  /** Resolves when it is known how much of the quota is left, which a large tree takes a while for. */
  uploadsReady(): Promise<void>;
  /** Called once, at the session's end. */
  leave(): void;
}

/** What is kept as long as somebody uses it. */
interface Kept<T> {
  readonly value: T;
  users: number;
}

/** Of one account name. */
interface Shared {
  received: RateLimit | undefined;
  sent: RateLimit | undefined;
}

/** Of one file system: its count, and one view of it for each quota, so that what is known of its files is known to all. */
interface Tree {
  readonly usage: TreeUsage;
  readonly views: Map<number, QuotaFileSystem>;
}

/** Nothing of an account is kept once its last session has left. */
export class AccountSessions {
  readonly #timing: Timing;
  readonly #accounts = new Map<string, Kept<Shared>>();
  /** By their absolute paths. */
  readonly #roots = new Map<string, Kept<FileSystem>>();
  readonly #trees = new Map<FileSystem, Tree>();

  constructor(timing: Timing = systemTiming) {
    this.#timing = timing;
  }

  /** Lets a session in; `onRevoked` is called when the account is no more. Throws `ConfigError` for a wrong account. */
  enter(account: Account, onRevoked: () => void): AccountSession {
    const endings: (() => void)[] = [];
    const leave = (): void => {
      for (const end of endings.splice(0).reverse()) end();
    };
    const keep = <Key, T>(map: Map<Key, Kept<T>>, key: Key, make: () => T): T => {
      const kept = map.get(key) ?? { value: make(), users: 0 };
      kept.users += 1;
      map.set(key, kept);
      endings.push(() => {
        if ((kept.users -= 1) === 0) map.delete(key);
      });
      return kept.value;
    };
    try {
      const parsed = parseAccount(account, (root) => keep(this.#roots, resolve(root), () => openLocalRoot(root)));
      const shared = keep(this.#accounts, parsed.name, () => ({ received: undefined, sent: undefined }));
      // Each session listens, and there may be many: that is no leak for Node to warn of.
      if (parsed.revoked !== undefined) setMaxListeners(0, parsed.revoked);
      parsed.revoked?.addEventListener('abort', onRevoked);
      endings.push(() => parsed.revoked?.removeEventListener('abort', onRevoked));
      const { fileSystem, quotaBytes } = parsed;
      const tree = quotaBytes === undefined ? undefined : this.#treeOf(fileSystem);
      if (tree !== undefined) endings.push(tree.usage.retain());
      return {
        account: withQuota(parsed, tree),
        rates: this.#rates(parsed, shared),
        isOneTooMany: this.sessionsOf(parsed.name) > (parsed.maxSessions ?? Infinity),
        uploadsReady: async () => {
          await tree?.usage.usedBytes();
        },
        leave,
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** How many sessions an account has. */
  sessionsOf(name: string): number {
    return this.#accounts.get(name)?.users ?? 0;
  }

  /** Kept until its last upload is over, which may end behind its session. */
  #treeOf(fileSystem: FileSystem): Tree {
    const found = this.#trees.get(fileSystem);
    if (found !== undefined) return found;
    const tree: Tree = {
      usage: new TreeUsage(fileSystem, () => {
        if (this.#trees.get(fileSystem) === tree) this.#trees.delete(fileSystem);
      }),
      views: new Map(),
    };
    this.#trees.set(fileSystem, tree);
    return tree;
  }

  #rates({ rates }: GrantedAccount, shared: Shared): SessionRates {
    shared.received = this.#sharedRate(shared.received, rates.uploadBytesPerSecond);
    shared.sent = this.#sharedRate(shared.sent, rates.downloadBytesPerSecond);
    return {
      received: present(this.#rate(rates.sessionUploadBytesPerSecond), shared.received),
      sent: present(this.#rate(rates.sessionDownloadBytesPerSecond), shared.sent),
    };
  }

  /** Where the account has got another rate, sessions from now on share a limit of their own. */
  #sharedRate(current: RateLimit | undefined, bytesPerSecond: number | undefined): RateLimit | undefined {
    return current?.bytesPerSecond === bytesPerSecond ? current : this.#rate(bytesPerSecond);
  }

  #rate(bytesPerSecond: number | undefined): RateLimit | undefined {
    return bytesPerSecond === undefined ? undefined : new RateLimit(bytesPerSecond, this.#timing);
  }
}

function withQuota(account: GrantedAccount, tree: Tree | undefined): GrantedAccount {
  const { fileSystem, quotaBytes } = account;
  if (quotaBytes === undefined || tree === undefined) return account;
  const view = tree.views.get(quotaBytes) ?? new QuotaFileSystem(fileSystem, quotaBytes, tree.usage);
  tree.views.set(quotaBytes, view);
  return Object.freeze({ ...account, fileSystem: view });
}

function present(...limits: readonly (RateLimit | undefined)[]): readonly RateLimit[] {
  return limits.filter((limit) => limit !== undefined);
}
