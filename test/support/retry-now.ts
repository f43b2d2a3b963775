// How calls are tried again where a test is not about how long they wait.

/** Three attempts, with no pause between them. */
export const now = { attempts: 3, wait: () => Promise.resolve(), random: () => 0 } as const;
