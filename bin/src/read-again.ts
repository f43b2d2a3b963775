// SIGHUP: what stands in files counts anew, while transfers go on. What is broken there changes nothing.
import type { Report, ReportedEvent } from './report.js';

/** Something that a running server took from a file. */
export interface Rereadable {
  /** What it is, as in `the users`. */
  readonly name: string;
  /** Reads it again, and tells what it has come to. */
  readonly readAgain: () => Promise<{ readonly event: ReportedEvent; readonly text: string }>;
}

/** Reads all of it again, each by itself. Gives a function that stops listening to the signal. */
export function rereadAtHangup(things: readonly Rereadable[], report: Report): () => void {
  const onHangup = (): void => {
    for (const thing of things) void rereadOne(thing, report);
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}

async function rereadOne({ name, readAgain }: Rereadable, report: Report): Promise<void> {
  try {
    const { event, text } = await readAgain();
    report.say(event, text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report.warn(`${name} stays as it was: ${message}`);
    if (report.flags.json) report.say({ event: 'not-read-again', name, message }, '');
  }
}
