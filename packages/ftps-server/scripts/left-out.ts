// What the server leaves out of each document, and why: the part of the conformance page that no table can tell.

export interface LeftOut {
  readonly document: string;
  readonly items: readonly (readonly [what: string, answer: string, why: string])[];
}

export const leftOut: readonly LeftOut[] = [
  {
    document: 'RFC 959, File Transfer Protocol',
    items: [
      ['SMNT', '502', 'there is nothing to mount'],
      ['TYPE E, TYPE A T, TYPE A C, TYPE L but 8', '504', 'no machine of today has such files'],
      ['STRU R, STRU P', '504', 'files here are bytes, without records or pages'],
      ['MODE C', '504', 'nobody speaks it, and TLS is no place for compression'],
      ['MODE B, restart markers (110)', '504', 'not there yet'],
      [
        'data connections without PASV, EPSV, PORT or EPRT in front',
        '425',
        'the default ports of §5.2 suit one client a host',
      ],
      [
        'transfers between two servers (§5.2)',
        '504 to PORT, refused at a passive port',
        'it is what bounce attacks are made of',
      ],
      ['an account beside the user (ACCT)', '202', 'a user is all that an authenticator is asked for'],
      ['USER in the middle of a login', '530', 'REIN, or another connection, begins anew'],
      ['REIN on the portable engine', '502', 'node:tls cannot end TLS and keep the connection'],
    ],
  },
  {
    document: 'RFC 2228, security extensions',
    items: [
      ['ADAT, MIC, CONF, ENC', '502', 'TLS protects the connection itself'],
      ['CCC', '534', 'the TLS session that data connections must resume would end with it (RFC 4217 §15.3)'],
      ['PROT S, PROT E', '536', 'TLS has no such levels (RFC 4217 §9)'],
      ['PBSZ but 0', '200, PBSZ=0', 'TLS has records of its own (RFC 4217 §9)'],
    ],
  },
  { document: 'RFC 2389, feature negotiation', items: [] },
  {
    document: 'RFC 2428, IPv6 and NAT',
    items: [['EPRT unless `active` is set', '502', 'a server that connects to clients is a decision']],
  },
  {
    document: 'RFC 2640, internationalization',
    items: [
      ['LANG', '502', 'replies are in English only'],
      ['CR NUL in a path', '501', 'such a name cannot stand on a line of a listing (RFC 3659 §2.2)'],
      ['names that are no UTF-8', '501', 'bytes that are no text cannot be listed as text'],
    ],
  },
  {
    document: 'RFC 3659, extensions',
    items: [
      ['SIZE in TYPE A', '550', 'nobody reads a file only to count its line ends'],
      ['REST in TYPE A', '504 at the transfer', 'it would count line ends that the file does not have'],
      ['the facts lang, media-type and charset', 'not in FEAT', 'file systems do not know them'],
      ['the types cdir and pdir', 'not listed', 'an entry is what is in a directory'],
    ],
  },
  {
    document: 'RFC 4217, FTP with TLS',
    items: [
      ['PROT C', '534', 'data connections are always protected'],
      ['anything but AUTH, FEAT, HELP and the like before AUTH TLS', '530', 'a password must not be sent in clear'],
      [
        '522 for a data connection whose handshake failed (§10.2)',
        '425',
        '522 is for those that were refused: the session was not resumed',
      ],
      ['certificates of clients on data connections', 'not asked for', 'the session that is resumed vouches for them'],
    ],
  },
  {
    document: 'RFC 7151, HOST',
    items: [['a HOST that came before AUTH', 'forgotten at AUTH', 'in clear anybody may have said it']],
  },
  {
    document: 'draft-somers-ftp-mfxx, facts that can be set',
    items: [['facts but Modify, Create and UNIX.mode', '504', 'they follow from the file']],
  },
  {
    document: 'draft-bryan-ftpext-hash, HASH',
    items: [['CRC-16 and other weak names', '501', 'clients have better ones']],
  },
];
