// A transfer while it runs: what STAT tells of it.

export interface RunningTransfer {
  readonly command: string;
  readonly path: string;
  /** Moved so far; 0 until the data connection has proved itself. */
  bytes(): number;
}
