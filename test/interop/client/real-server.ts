// What our client meets: a real server, what is known of it, and how to log in there.
import type { FtpsClientOptions, ServerMemory } from '@ftps-kit/ftps-client';
import type { Peer } from '../../support/peers/peer.js';
import type { PeerServer } from '../../support/peers/peer-server.js';

/** What a suite needs of a running server. */
export type RunningServer = AsyncDisposable &
  Pick<PeerServer, 'host' | 'port' | 'user' | 'password' | 'implicit' | 'caPem' | 'root' | 'seed' | 'resumptions'> & {
    /** What clients have learned of it, where they share that. */
    readonly memory?: ServerMemory;
  };

/** How many files the tests move that prove something by their number; FTPS_PEER_FILES makes them more. */
export const MANY_FILES = Number(process.env['FTPS_PEER_FILES'] ?? 60);

export const TLS_VERSIONS = ['1.3', '1.2'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

export interface RealServer {
  readonly peer: Peer;
  start(options: { readonly implicit?: boolean }): Promise<RunningServer>;
  /** Whether its data connections resume, by version. */
  readonly resumes: Readonly<Record<TlsVersion, boolean>>;
  /** What it answers to a data connection that did not resume, where it demands that. */
  readonly demands?: { readonly reply: RegExp; readonly livesOn: boolean };
  readonly hasImplicit: boolean;
  /**
   * Whether the server sometimes takes a ClientHello for a command: it says 234 first, and looks for TLS a moment later.
   */
  readonly losesClientHello?: boolean;
  /**
   * Whether it throws away what comes with the password, which every client without `memory` has to find out anew; from then
   * on it is sent nothing before it has answered what came before.
   */
  readonly losesCommands?: boolean;
  /** Whether what came of an upload that broke off stays there, to be gone on with. */
  readonly keepsBrokenUploads: boolean;
  /** Whether it sometimes says nothing more on the control connection after a cut, so that time limits have to be short. */
  readonly isSilentAfterCuts?: boolean;
  /** The most round trips that it costs over TLS 1.3, without the check of a transfer's hash. */
  readonly roundTrips?: RoundTrips;
  /** The same where the login was at rest before, by what was asked for ahead then (`preconnect`). */
  readonly preconnected?: Readonly<Record<'port' | 'connection', PreconnectedRoundTrips>>;
  /** Names that it does not keep as they are, and what it makes of them: a path, where one becomes several. */
  readonly respells?: Readonly<Record<string, string>>;
  /** Whether its listings are machine listings. */
  readonly machineListing: boolean;
}

/** As a distant client counts them: the making of a connection is one. */
export interface RoundTrips {
  readonly login: number;
  readonly download: number;
  readonly upload: number;
  readonly listing: number;
}

/** Behind a first transfer, which shows what the server stands. */
export interface PreconnectedRoundTrips {
  /** With its check by SIZE. */
  readonly download: number;
  readonly unverifiedDownload: number;
  /** Nothing is asked for ahead of it. */
  readonly upload: number;
  readonly listing: number;
}

/** How to log in there; the client knows what those before it have learned, where that is shared. */
export function clientOptions(server: RunningServer, pin: TlsVersion = '1.3'): FtpsClientOptions {
  const { host, port, user, password, caPem, implicit, memory } = server;
  const mode = implicit ? 'implicit' : 'explicit';
  return { host, port, user, password, mode, tls: { ca: caPem, versions: pin }, memory };
}

/** The same of a client that need not find out what the server loses. */
export function knowingOptions(real: RealServer, server: RunningServer, pin: TlsVersion = '1.3'): FtpsClientOptions {
  return { ...clientOptions(server, pin), pipelining: real.losesCommands === true ? 'off' : 'auto' };
}
