/** What every real peer has: a name, and a reason why it cannot be used here, if there is one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireHere } from '../requirement.js';

export interface Peer {
  /** How a person calls it. */
  readonly name: string;
  /** Why it cannot be used on this machine, or undefined when it can. */
  missing(): string | undefined;
}

/** Where `.ci/install-peers` unpacks the servers. */
export const peersFolder = fileURLToPath(new URL('../../../.peers/', import.meta.url));

/** The full path of an executable: of one on the PATH by its name, or of one given by its path. */
export function findExecutable(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The full path of an executable that must be there, since its peer was asked for. */
export function executable(name: string): string {
  const path = findExecutable(name);
  if (path === undefined) throw new Error(`${name} is not installed; .ci/install-peers installs it`);
  return path;
}

/** Why a program cannot be run: the answer of `missing()` for most peers. */
export function missingExecutable(name: string): string | undefined {
  return findExecutable(name) === undefined ? `${name} is not installed` : undefined;
}

/** Why one of the servers in `.peers/` cannot be run; they drop privileges, so they need root. */
export function missingServer(name: string, program: string): string | undefined {
  if (findExecutable(join(peersFolder, program)) === undefined) return `${name} is not installed`;
  return process.getuid?.() === 0 ? undefined : `${name} needs root`;
}

/**
 * Ends the test as pending when a peer is missing, with the reason in its title; called in a `before` hook, ends all
 * tests of the suite so. With FTPS_REQUIRE_PEERS=1 a missing peer is a failure.
 */
export function requirePeer(context: Mocha.Context, ...peers: readonly Peer[]): void {
  const reasons = peers.map((peer) => peer.missing()).filter((reason) => reason !== undefined);
  requireHere(context, reasons.length === 0, reasons.join(', '));
}
