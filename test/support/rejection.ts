// The error that a promise rejects with, as a value to look at.

/** Resolves with the reason; fails where the promise was fulfilled. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await work;
  } catch (reason) {
    return reason;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}
