// The entries in the lines of a listing, as many as a process can hold, and the lines that hold none that can be read.
import { decodeText, type TextEncoding } from '@ftps-kit/ftp-protocol';
import { LimitError } from '@ftps-kit/tls-core';
import { MAX_LISTING_FACTS } from '../limits.js';
import { inTurns } from './in-turns.js';
import type { Entry } from './list-entry.js';
import type { ListingLine } from './listing-lines.js';

export interface ListedEntries {
  readonly entries: readonly Entry[];
  readonly unread: readonly string[];
}

export interface ReadingOptions {
  readonly encoding: TextEncoding;
  readonly maxFacts?: number;
}

/** Rejects with `LimitError` where the entries have too many facts: each costs many times the bytes that it came in. */
export async function readEntries(
  lines: readonly ListingLine[],
  parse: (line: string, index: number) => Entry | 'none' | undefined,
  { encoding, maxFacts = MAX_LISTING_FACTS }: ReadingOptions,
): Promise<ListedEntries> {
  const entries: Entry[] = [];
  const unread: string[] = [];
  let facts = 0;
  await inTurns(
    lines,
    ({ bytes }) => bytes.length,
    ({ bytes, isDoubtful }, index) => {
      const text = decodeText(bytes, encoding);
      const entry = isDoubtful ? undefined : parse(text, index);
      if (entry === undefined) unread.push(text);
      else if (entry !== 'none') {
        facts += entry.facts.size;
        if (facts > maxFacts) throw new LimitError(`the entries of the listing have more than ${maxFacts} facts`);
        entries.push(entry);
      }
    },
  );
  return { entries, unread };
}
