// The bounds of everything a peer can make longer, in one place, each with its reason.

/** Default bounds of the grammar. RFC 959 names none ("where some maximum line length has been specified", §4.2). */
export const limits = Object.freeze({
  /** Bytes of one command line, without its end: the longest path of Linux (4,096) beside the facts of an MFF. */
  maxCommandLineBytes: 8192,
  /** Bytes of one reply line, without its end: a 257 may double every byte of a path of 4,096 (RFC 959 appendix II). */
  maxReplyLineBytes: 16_384,
  /** Lines of one reply: STAT lists a directory over the control connection (RFC 959 §4.1.3). */
  maxReplyLines: 10_000,
  /** Characters of one reply over all its lines: what `maxReplyLines` lines of a usual listing need, not what they could. */
  maxReplyCharacters: 1_048_576,
  /** Letters and digits of a verb: RFC 959 §5.3 has "four or fewer"; the field has XSHA512 and the like. */
  maxVerbCharacters: 16,
});
