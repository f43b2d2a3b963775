// The sessions of one account, each with a file system of its own over the same folder, so that what happens is known by session.
import {
  LocalFileSystem,
  type Authenticate,
  type FileStat,
  type ReadHandle,
  type WriteHandle,
  type WriteMode,
} from '@ftps-kit/ftps-server';

/** Where a transfer is: nothing moved yet; some bytes of an upload did; or it took effect, and nobody was told. */
export type Moment = 'begin' | 'middle' | 'end';

/** One upload. */
export interface WatchedUpload {
  readonly path: string;
  readonly kind: WriteMode['kind'];
  bytes: number;
  /** Whether its session was struck so that its uploader cannot know what became of it. */
  wasStruck: boolean;
}

export class WatchedSession {
  /** Its control connection's, as the server sees it. */
  readonly port: number;
  /** Names that were asked about. */
  readonly asked = new Set<string>();
  isStruck = false;
  readonly #revoked = new AbortController();

  constructor(port: number) {
    this.port = port;
  }

  /** Fires when it shall end with 421. */
  get revoked(): AbortSignal {
    return this.#revoked.signal;
  }

  /** Says 421 behind the transfer under way, and ends. */
  revoke(): void {
    this.#revoked.abort();
  }
}

export interface WatchedSessionsOptions {
  /** Whether the login that is asked for is one too many. */
  readonly isRefused: () => boolean;
  /** Called at each moment of a transfer; `upload` where it is one. */
  readonly onMoment: (moment: Moment, session: WatchedSession, upload: WatchedUpload | undefined) => void;
}

export class WatchedSessions {
  readonly sessions: WatchedSession[] = [];
  /** The uploads that took effect, in the order in which they did. */
  readonly effects: WatchedUpload[] = [];
  readonly onMoment: WatchedSessionsOptions['onMoment'];
  readonly #isRefused: () => boolean;
  readonly #root: () => string;

  /** The folder has to be there when somebody logs in. */
  constructor(root: () => string, { isRefused, onMoment }: WatchedSessionsOptions) {
    this.#root = root;
    this.#isRefused = isRefused;
    this.onMoment = onMoment;
  }

  /** Lets in whoever comes as alice. */
  readonly authenticate: Authenticate = ({ user }, { port }) => {
    const session = new WatchedSession(port);
    const fileSystem = new SessionFileSystem(this.#root(), this, session);
    const account = { name: user, fileSystem, revoked: session.revoked };
    // There is another one.
    if (this.#isRefused()) return { ...account, maxSessions: 1 };
    this.sessions.push(session);
    return account;
  };

  effectsOn(path: string): readonly WatchedUpload[] {
    return this.effects.filter((upload) => upload.path === path);
  }
}

class SessionFileSystem extends LocalFileSystem {
  readonly #all: WatchedSessions;
  readonly #session: WatchedSession;

  constructor(root: string, all: WatchedSessions, session: WatchedSession) {
    super(root);
    this.#all = all;
    this.#session = session;
  }

  override stat(path: string): Promise<FileStat> {
    this.#session.asked.add(path);
    return super.stat(path);
  }

  override async openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    const file = await super.openRead(path, options);
    this.#all.onMoment('begin', this.#session, undefined);
    return file;
  }

  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    const upload: WatchedUpload = { path, kind: mode.kind, bytes: 0, wasStruck: false };
    const tell = (moment: Moment): void => {
      this.#all.onMoment(moment, this.#session, upload);
    };
    tell('begin');
    return {
      inPlace: file.inPlace,
      write: async (chunk) => {
        if (upload.bytes > 0) tell('middle');
        await file.write(chunk);
        upload.bytes += chunk.length;
      },
      commit: async () => {
        const stat = await file.commit();
        this.#all.effects.push(upload);
        tell('end');
        return stat;
      },
      abort: () => file.abort(),
    };
  }
}
