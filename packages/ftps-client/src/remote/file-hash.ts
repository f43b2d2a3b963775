// The hash of a remote file for who asks for it, apart from any transfer.
import { ConfigError } from '@ftps-kit/tls-core';
import type { HashOptions } from '../call-options.js';
import { UnsupportedError } from '../errors.js';
import { HASH_ALGORITHMS, hashAlgorithm, type HashAlgorithm } from '../files/hash-algorithm.js';
import type { LoginContext } from '../login/login-context.js';
import { sizeIfTold } from './remote-facts.js';
import { demandRemoteHash, hashCommandsOf } from './remote-hash.js';

/** The hash of a remote file, as its server worked it out. */
export interface RemoteHash {
  readonly algorithm: HashAlgorithm;
  /** Hexadecimal, lower case. */
  readonly value: string;
}

/** Rejects with `ConfigError`, with `UnsupportedError` where the server does not have it, and with `ReplyError`. */
export async function fileHash(
  context: LoginContext,
  path: string,
  { algorithm, signal }: HashOptions,
): Promise<RemoteHash> {
  const wanted = algorithm === undefined ? undefined : hashAlgorithm(algorithm);
  if (algorithm !== undefined && wanted === undefined) {
    throw new ConfigError(`algorithm: '${algorithm}' is not one of ${HASH_ALGORITHMS.join(', ')}`);
  }
  const offered = hashCommandsOf(context.features);
  const command = wanted === undefined ? offered[0] : offered.find((offer) => offer.algorithm === wanted);
  if (command === undefined) {
    const has = offered.map((offer) => offer.algorithm).join(', ');
    throw new UnsupportedError(
      has === ''
        ? 'the server hashes no files: it has neither HASH nor XSHA256 or the like'
        : `the server has ${has}, and not ${algorithm ?? ''}`,
    );
  }
  const bytes = (await sizeIfTold(context, path, signal)) ?? 0;
  const value = await demandRemoteHash(context, command, { path, bytes }, signal);
  return Object.freeze({ algorithm: command.algorithm, value });
}
