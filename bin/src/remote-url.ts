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
  const [, scheme = 'ftpes', rest = text] = /^([a-z]+):\/\/(.*)$/is.exec(text) ?? [];
  const mode = MODES[scheme.toLowerCase()];
  if (mode === undefined) {
    throw new ConfigError(
      `${text}: no such scheme; there are ftpes:// (explicit TLS), ftps:// (implicit TLS) and ftp://`,
    );
  }
  const url = parse(rest, text);
  if (url.hostname === '') throw new ConfigError(`${text}: names no host`);
  const path = decode(url.pathname.replace(/^\//, ''), text);
  return {
    mode,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    user: url.username === '' ? undefined : decode(url.username, text),
    password: url.password === '' ? undefined : decode(url.password, text),
    path,
    isFolder: path === '' || path.endsWith('/'),
  };
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Of these schemes only `ftp:` has hosts and ports in the URL standard, so the rest is read as one of it. */
function parse(rest: string, text: string): URL {
  try {
    return new URL(`ftp://${rest.replaceAll('#', '%23').replaceAll('?', '%3F')}`);
  } catch (error) {
    throw new ConfigError(`${text}: is not a URL; write host/path, or ftpes://user@host:port/path`, { cause: error });
  }
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new ConfigError(`${text}: holds a % that begins no percent-encoding; write it %25`, { cause: error });
  }
}
