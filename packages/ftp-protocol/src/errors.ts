// The errors of the grammar: text that is not what the RFCs allow.

/** The reply a server should give to a command that broke the grammar. */
export type GrammarReplyCode = 500 | 501 | 504 | 522;

/** What a {@link GrammarError} may carry besides its message. */
export interface GrammarErrorOptions {
  /**
   * 500 the command is not recognised or too long, 501 its argument is wrong, 504 the argument is right but not
   * implemented (RFC 959 §4.2), 522 the network protocol is unknown (RFC 2428 §2). Default 501.
   */
  readonly replyCode?: GrammarReplyCode;
  readonly cause?: unknown;
}

/**
 * Text of the peer, or of the caller, that does not fit FTP's grammar. Its message never repeats an argument, which may
 * be a password.
 */
export class GrammarError extends Error {
  override readonly name: string = 'GrammarError';
  readonly code: string = 'FTPS_ERR_GRAMMAR';
  /** What a server should reply; without meaning when the fault lies in a reply. */
  readonly replyCode: GrammarReplyCode;

  constructor(message: string, { replyCode = 501, cause }: GrammarErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.replyCode = replyCode;
  }
}

/** A line, or a reply of many lines, longer than its bound. */
export class LineTooLongError extends GrammarError {
  override readonly name = 'LineTooLongError';
  override readonly code = 'FTPS_ERR_LINE_TOO_LONG';

  constructor(message: string) {
    // RFC 959 §4.2.1: "500 Syntax error, command unrecognized. This may include errors such as command line too long."
    super(message, { replyCode: 500 });
  }
}
