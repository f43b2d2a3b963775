// The options of a server: checked, defaulted and frozen, once. Each topic has a file of its own in `options/`.
import { knownKeys } from '@ftps-kit/tls-core/internal';
import { ACCOUNT_KEYS, parseAccountTopic, type AccountSettings, type AccountTopic } from './options/account-options.js';
import {
  DATA_CONNECTION_KEYS,
  parseDataConnectionTopic,
  type DataConnectionSettings,
  type DataConnectionTopic,
} from './options/data-connection-options.js';
import { LIMIT_KEYS, parseLimitTopic, type LimitSettings, type LimitTopic } from './options/limit-options.js';
import { LISTEN_KEYS, parseListenTopic, type ListenSettings, type ListenTopic } from './options/listen-options.js';
import { LOG_KEYS, parseLogTopic, type LogSettings, type LogTopic } from './options/log-options.js';
import { PROXY_KEYS, parseProxyTopic, type ProxySettings, type ProxyTopic } from './options/proxy-options.js';
import { TLS_KEYS, parseTlsTopic, type TlsSettings, type TlsTopic } from './options/tls-options.js';

/** Options of `createFtpsServer`. */
export interface FtpsServerOptions
  extends TlsTopic, AccountTopic, ListenTopic, DataConnectionTopic, ProxyTopic, LimitTopic, LogTopic {}

/** The parsed options. */
export interface ServerSettings
  extends
    TlsSettings,
    AccountSettings,
    ListenSettings,
    DataConnectionSettings,
    ProxySettings,
    LimitSettings,
    LogSettings {}

const KEYS = [
  ...TLS_KEYS,
  ...ACCOUNT_KEYS,
  ...LISTEN_KEYS,
  ...DATA_CONNECTION_KEYS,
  ...PROXY_KEYS,
  ...LIMIT_KEYS,
  ...LOG_KEYS,
] as const satisfies readonly (keyof FtpsServerOptions)[];

/** Throws `ConfigError` that names the wrong field. */
export function parseServerOptions(options: FtpsServerOptions): ServerSettings {
  knownKeys('', options, KEYS);
  return Object.freeze<ServerSettings>({
    ...parseTlsTopic(options),
    ...parseAccountTopic(options),
    ...parseListenTopic(options),
    ...parseDataConnectionTopic(options),
    ...parseProxyTopic(options),
    ...parseLimitTopic(options),
    ...parseLogTopic(options),
  });
}
