// What a URL on the command line names.
import { ConfigError } from '@ftps-kit/ftps-client';

/** A server and a path on it. */
export interface RemoteUrl {
  readonly mode: 'explicit' | 'implicit';
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** As the server is asked for it: relative to the login directory unless the URL had two slashes; empty for that directory. */
  readonly path: string;
  /** Whether the path ended in a slash, and so names a folder. */
  readonly isFolder: boolean;
}

const MODES: Readonly<Record<string, 'explicit' | 'implicit'>> = {
  ftpes: 'explicit',
  ftp: 'explicit',
  ftps: 'implicit',
};

/**
 * Parses `[scheme://][user[:password]@]host[:port]/path`. `ftpes://`, `ftp://` and no scheme mean explicit TLS, `ftps://`
 * implicit TLS. Percent-encoding is taken out of each part. Throws `ConfigError`.
 */
export function parseRemoteUrl(text: string): RemoteUrl {
  const shown = withoutPassword(text);
  const [, scheme = 'ftpes', rest = text] = /^([a-z]+):\/\/(.*)$/is.exec(text) ?? [];
  const mode = MODES[scheme.toLowerCase()];
  if (mode === undefined) {
    throw new ConfigError(
      `${shown}: no such scheme; there are ftpes:// (explicit TLS), ftps:// (implicit TLS) and ftp://`,
    );
  }
  const slash = rest.includes('/') ? rest.indexOf('/') : rest.length;
  const authority = rest.slice(0, slash);
  if (authority === '') throw new ConfigError(`${shown}: names no host`);
  const url = parseAuthority(authority, shown);
  const path = decode(rest.slice(slash + 1), shown);
  // The URL standard drops a port that is the scheme's own, and here the schemes have others.
  const port = /:(\d+)$/.exec(authority)?.[1];
  return {
    mode,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? undefined : Number(port),
    user: url.username === '' ? undefined : decode(url.username, shown),
    password: url.password === '' ? undefined : decode(url.password, shown),
    path,
    isFolder: path === '' || path.endsWith('/'),
  };
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Of these schemes only `ftp:` has hosts and ports in the URL standard, so all are read as one of it. */
function parseAuthority(authority: string, shown: string): URL {
  const problem = `${shown}: is not a URL; write host/path, or ftpes://user@host:port/path`;
  try {
    const url = new URL(`ftp://${authority.replaceAll('#', '%23').replaceAll('?', '%3F')}/`);
    // A backslash would begin a path.
    if (url.pathname === '/') return url;
  } catch (error) {
    throw new ConfigError(problem, { cause: error });
  }
  throw new ConfigError(problem);
}

function decode(part: string, shown: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new ConfigError(`${shown}: holds a % that begins no percent-encoding; write it %25`, { cause: error });
  }
}

/** For messages: rather too much is left out than a password shown that holds a slash or an @. */
function withoutPassword(text: string): string {
  return text.replace(/^((?:[a-z]+:\/\/)?[^:@/]*:(?!\/\/)).*@/is, '$1***@');
}
