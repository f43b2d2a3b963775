// Runs what must fail, and gives its GrammarError.
import { GrammarError } from '@ftps-kit/ftp-protocol';

/** The GrammarError that `act` throws; anything else fails the test. */
export function grammarErrorOf(act: () => unknown): GrammarError {
  try {
    act();
  } catch (error) {
    if (error instanceof GrammarError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What `act` gives, or undefined if it throws a GrammarError; any other error fails the test. */
export function unlessGrammarError<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}
