// Who may give a command and when, where rows of the command table have that in common.

/** Before TLS, and before a login. */
export const open = { login: false, security: 'any' } as const;
/** Before a login, but never in clear. */
export const tls = { login: false, security: 'tls' } as const;
/** For who is logged in. */
export const member = { login: true, security: 'tls' } as const;
/** Over a data connection. */
export const transfer = { ...member, transfers: true } as const;
/** What tells of a file: for all who may do anything with its content or its name. */
export const facts = { ...member, permission: ['list', 'read', 'write'] } as const;
