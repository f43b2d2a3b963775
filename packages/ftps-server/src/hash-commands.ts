// The rows of the commands that hash files: HASH, and what older clients have for it.
import { hasCapability } from './capability.js';
import { transfer } from './command-gates.js';
import type { CommandRow } from './command-row.js';
import type { HashAlgorithm } from './file-system.js';
import { hash } from './handlers/hash.js';
import { xhash } from './handlers/xhash.js';
import { hashFeature } from './hash-choice.js';

/** Hashes a file, which takes its time: for those who could read it. */
const hashing = { ...transfer, endsWithClient: true, permission: 'read', argument: 'required' } as const;

/** A command that is named after its algorithm. */
function olderHash(verb: string, algorithm: HashAlgorithm): CommandRow {
  return {
    ...hashing,
    feature: ({ session }) => (hasCapability(session, 'hash') ? verb : undefined),
    help: `${verb} path [start end]`,
    rfc: 'draft-bryan-ftpext-hash, appendix B',
    handle: xhash(algorithm),
  };
}

export const hashCommands = {
  HASH: {
    ...hashing,
    feature: ({ session }) => (hasCapability(session, 'hash') ? hashFeature(session.hashing) : undefined),
    help: 'HASH path',
    rfc: 'draft-bryan-ftpext-hash §3',
    handle: hash,
  },
  XCRC: olderHash('XCRC', 'CRC32'),
  XMD5: olderHash('XMD5', 'MD5'),
  XSHA1: olderHash('XSHA1', 'SHA-1'),
  XSHA256: olderHash('XSHA256', 'SHA-256'),
  XSHA512: olderHash('XSHA512', 'SHA-512'),
} satisfies Record<string, CommandRow>;
