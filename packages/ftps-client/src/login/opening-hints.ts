// What it means where a control connection or a login does not come about, added to errors that do not say it themselves.
import { CertificateError, ConnectionError, FtpsError, HandshakeError, TimeoutError } from '@ftps-kit/tls-core';
import type { ClientOptions } from '../client-options.js';
import type { ServerTraits } from './server-traits.js';

/** How far the opening had come. */
export type OpeningStage = 'greeting' | 'AUTH' | 'TLS' | 'login';

/**
 * Waits for a stage; what it rejects with says in its message what to do about it, where anybody knows. Of a server that has let
 * somebody in by the same options nothing is said that can only be wrong with those.
 */
export async function withHint<T>(
  stage: OpeningStage,
  options: ClientOptions,
  work: Promise<T>,
  { hasLetIn }: Pick<ServerTraits, 'hasLetIn'>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const hint = hintFor(stage, options, error, hasLetIn);
    if (error instanceof FtpsError && hint !== undefined) error.message += `; ${hint}`;
    throw error;
  }
}

function hintFor(stage: OpeningStage, options: ClientOptions, error: unknown, hasLetIn: boolean): string | undefined {
  const isExplicit = options.mode === 'explicit';
  switch (stage) {
    case 'greeting':
      if (error instanceof TimeoutError && isExplicit && !options.plain && !hasLetIn)
        return "the server did not greet: it may want TLS from the first byte on (mode: 'implicit', mostly port 990)";
      if (error instanceof TimeoutError) return 'the server did not greet';
      if (error instanceof ConnectionError) return 'it did not greet: it may be full, or let nobody in from here';
      return undefined;
    case 'AUTH':
      return isLostOrSilent(error) ? 'that was instead of a reply to AUTH TLS' : undefined;
    case 'TLS':
      return hintForTls(options, error);
    case 'login':
      return isLostOrSilent(error) ? 'that was instead of a reply to a command of the login' : undefined;
  }
}

function hintForTls({ mode, host, policy }: ClientOptions, error: unknown): string | undefined {
  if (error instanceof TimeoutError) return 'the server does not do its part of the TLS handshake';
  if (error instanceof HandshakeError && error.isNoTls && mode === 'implicit')
    return "the port may be one that begins in clear (mode: 'explicit', mostly port 21)";
  if (error instanceof CertificateError && error.reason === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `it was asked for as '${policy.serverName ?? host}' (tls.serverName asks for another name)`;
  return undefined;
}

function isLostOrSilent(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof TimeoutError;
}
