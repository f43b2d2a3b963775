// The reply codes by name (RFC 959 §4.2.2, RFC 2228 §5.1, RFC 2428, RFC 4217).

/** Names for reply codes. A code with two meanings has a name for each. */
export const ReplyCode = {
  /** RFC 959 §4.2.2 */
  RestartMarker: 110,
  ServiceReadyInMinutes: 120,
  DataConnectionAlreadyOpen: 125,
  FileStatusOkay: 150,
  CommandOkay: 200,
  CommandSuperfluous: 202,
  /** Also the feature list (RFC 2389 §3.2). */
  SystemStatus: 211,
  DirectoryStatus: 212,
  /** Also the answers to SIZE and MDTM (RFC 3659 §3.1, §4.1). */
  FileStatus: 213,
  HelpMessage: 214,
  SystemType: 215,
  ServiceReady: 220,
  ServiceClosing: 221,
  DataConnectionOpen: 225,
  ClosingDataConnection: 226,
  EnteringPassiveMode: 227,
  /** RFC 2428 §3 */
  EnteringExtendedPassiveMode: 229,
  UserLoggedIn: 230,
  /** RFC 2228 §5.1: no password is needed, the certificate was enough (RFC 4217 §12.2). */
  UserAuthorizedBySecurityExchange: 232,
  /** RFC 2228 §5.1: what AUTH TLS is answered with (RFC 4217 §4.2). */
  SecurityExchangeComplete: 234,
  SecurityExchangeCompleteWithData: 235,
  FileActionOkay: 250,
  PathnameCreated: 257,
  NeedPassword: 331,
  NeedAccount: 332,
  /** RFC 2228 §5.1. RFC 4217 §4.2: incorrect for TLS, which has no ADAT. */
  SecurityMechanismAccepted: 334,
  SecurityDataAcceptable: 335,
  NeedPasswordWithChallenge: 336,
  FileActionPending: 350,
  ServiceNotAvailable: 421,
  CannotOpenDataConnection: 425,
  TransferAborted: 426,
  /** RFC 2228 §5.1 */
  SecurityResourceUnavailable: 431,
  FileBusy: 450,
  LocalError: 451,
  InsufficientStorage: 452,
  CommandUnrecognized: 500,
  ArgumentSyntaxError: 501,
  CommandNotImplemented: 502,
  BadSequence: 503,
  ParameterNotImplemented: 504,
  /** RFC 4217 §10.2: "data connection cannot be opened with this PROT setting" */
  ProtectionLevelRefused: 521,
  /** RFC 4217 §10.2: the data connection's TLS was refused, "TLS session not resumed" included. */
  DataTlsRefused: 522,
  /** RFC 2428 §2: "Extended Port Failure - unknown network protocol" */
  NetworkProtocolNotSupported: 522,
  NotLoggedIn: 530,
  NeedAccountForStoring: 532,
  /** RFC 2228 §5.1 */
  CommandProtectionDenied: 533,
  RequestDeniedByPolicy: 534,
  SecurityCheckFailed: 535,
  ProtectionLevelNotSupported: 536,
  CommandProtectionNotSupported: 537,
  FileUnavailable: 550,
  PageTypeUnknown: 551,
  StorageExceeded: 552,
  FileNameNotAllowed: 553,
} as const satisfies Readonly<Record<string, number>>;

export type ReplyCode = (typeof ReplyCode)[keyof typeof ReplyCode];
