// The code by which the system says why something failed: `ENOENT` and the like.

/** undefined where it is no error of the system. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Gives undefined for an error that says that there is no such file; throws any other. */
export function undefinedIfMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}
