// What a command comes to: its final reply, and what the control connection does after it.

/** What follows the reply. */
export type AfterReply = 'upgrade' | 'reinitialize' | 'close';

export interface Outcome {
  readonly code: number;
  /** One line, or several. */
  readonly text: string | readonly string[];
  /** `upgrade`: TLS starts; `reinitialize`: it ends, and all begins again; `close`: the control connection ends. */
  readonly then?: AfterReply;
}

export function outcome(code: number, text: string | readonly string[], then?: AfterReply): Outcome {
  return then === undefined ? { code, text } : { code, text, then };
}
