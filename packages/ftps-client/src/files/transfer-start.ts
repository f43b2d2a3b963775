// Where one attempt of a transfer goes on in its file.
import type { PrefixProof } from './transfer-result.js';

/** Where an attempt goes on, and why what lies before is right. */
export interface Start {
  readonly offset: number;
  readonly prefix: PrefixProof | undefined;
}

export const FROM_THE_BEGINNING: Start = { offset: 0, prefix: undefined };
