// Work that is done by a user who is not root, since root may read and write everything.

/** Does it as such a user: as nobody where root runs the tests, else as who does. */
export async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  const { seteuid, geteuid } = process;
  if (geteuid?.() !== 0 || seteuid === undefined) return work();
  seteuid(65_534);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}
