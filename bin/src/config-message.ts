// Options by the names that they have on the command line.
import type { ConfigError, LocalFileError } from '@ftps-kit/ftps-client';

const FLAGS: Readonly<Record<string, string>> = {
  'listen.port': '--port',
  passivePorts: '--passive-ports',
  publicAddress: '--public-address',
  'tls.ca': '--ca',
  'tls.cert': '--cert',
  'tls.key': '--key',
  'tls.pins': '--fingerprint',
};

/** The message of a `ConfigError`, which begins with the option's name, with the flag's name instead. */
export function configMessage({ message }: ConfigError): string {
  const colon = message.indexOf(':');
  const flag = FLAGS[message.slice(0, Math.max(colon, 0))];
  return flag === undefined ? message : flag + message.slice(colon);
}

/** The message of a `LocalFileError`, which may name an option that helps, with the flag instead. */
export function localFileMessage({ message }: LocalFileError): string {
  return message.replace('mayGrow: true', '--may-grow');
}
