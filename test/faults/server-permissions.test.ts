// Every command and every permission: what an account lacks is 550, has no effect, and tells nothing of what is there.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ALL_PERMISSIONS, LocalFileSystem, type Permission } from '@ftps-kit/ftps-server';
import type { SubcommandRow } from '../../packages/ftps-server/src/command-row.js';
import { commandTable } from '../../packages/ftps-server/src/command-table.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

interface Case {
  /** What the account needs one of; nothing: whoever is logged in may. */
  readonly needs: readonly Permission[];
  /** The command on a file or folder that is there. */
  readonly line: string;
  /** The same on one that is not. */
  readonly missing: string;
}

const any: readonly Permission[] = [];

/** A command whose argument is a path alone. */
function onPath(needs: readonly Permission[], verb: string, path = 'a.txt'): Case {
  return { needs, line: `${verb} ${path}`, missing: `${verb} missing/nothing` };
}

const CASES: Readonly<Record<string, Case>> = {
  RETR: onPath(['read'], 'RETR'),
  STOR: onPath(['write'], 'STOR'),
  STOU: { needs: ['write'], line: 'STOU', missing: 'STOU' },
  APPE: onPath(['write'], 'APPE'),
  ALLO: { needs: ['write'], line: 'ALLO 5', missing: 'ALLO 5' },
  DELE: onPath(['delete'], 'DELE'),
  RMD: onPath(['delete'], 'RMD', 'empty'),
  XRMD: onPath(['delete'], 'XRMD', 'empty'),
  MKD: { needs: ['makeDirectories'], line: 'MKD a.txt', missing: 'MKD new' },
  XMKD: { needs: ['makeDirectories'], line: 'XMKD a.txt', missing: 'XMKD new' },
  RNFR: onPath(['rename'], 'RNFR'),
  RNTO: onPath(['rename'], 'RNTO'),
  LIST: onPath(['list'], 'LIST'),
  NLST: onPath(['list'], 'NLST'),
  MLSD: onPath(['list'], 'MLSD', 'folder'),
  MLST: onPath(['list'], 'MLST'),
  STAT: onPath(['list'], 'STAT'),
  SIZE: onPath(['list', 'read', 'write'], 'SIZE'),
  MDTM: onPath(['list', 'read', 'write'], 'MDTM'),
  MFMT: { needs: ['write'], line: 'MFMT 20020717210715 a.txt', missing: 'MFMT 20020717210715 missing' },
  MFCT: { needs: ['write'], line: 'MFCT 20020717210715 a.txt', missing: 'MFCT 20020717210715 missing' },
  MFF: { needs: ['write'], line: 'MFF modify=20020717210715; a.txt', missing: 'MFF modify=20020717210715; missing' },
  HASH: onPath(['read'], 'HASH'),
  XCRC: onPath(['read'], 'XCRC'),
  XMD5: onPath(['read'], 'XMD5'),
  XSHA1: onPath(['read'], 'XSHA1'),
  XSHA256: onPath(['read'], 'XSHA256'),
  XSHA512: onPath(['read'], 'XSHA512'),
  MD5: onPath(['read'], 'MD5'),
  'SITE CHMOD': { needs: ['write'], line: 'SITE CHMOD 600 a.txt', missing: 'SITE CHMOD 600 missing' },
  'SITE UTIME': {
    needs: ['write'],
    line: 'SITE UTIME 20020717210715 a.txt',
    missing: 'SITE UTIME 20020717210715 missing',
  },
  CWD: onPath(any, 'CWD', 'folder'),
};

/** Commands on no file: about the connection, the login, the coming transfer, and where one stands. */
const WITHOUT_FILES = [
  ...['CDUP', 'PWD', 'XCWD', 'XCUP', 'XPWD', 'TYPE', 'STRU', 'MODE', 'PASV', 'EPSV', 'PORT', 'EPRT', 'REST', 'RANG'],
  ...['ABOR', 'ACCT', 'OPTS', 'SITE', 'SITE HELP', 'SITE IDLE'],
];

const FILES = { 'a.txt': 'content', 'folder/b.txt': 'b' };

describe('permissions', () => {
  let server: TestServer;

  /** Whose name is a permission lacks that one. */
  before(async () => {
    server = await TestServer.start({
      authenticate: ({ user }) => ({
        name: user,
        fileSystem: new LocalFileSystem(server.root),
        permissions: ALL_PERMISSIONS.filter((permission) => permission !== user),
      }),
    });
  });

  after(() => server[Symbol.asyncDispose]());

  it('are thought of for every command that needs a login', () => {
    const names: string[] = [];
    for (const [verb, row] of commandTable) {
      if (row.login) names.push(verb);
      for (const sub of row.subcommands?.keys() ?? []) if (verb === 'SITE') names.push(`${verb} ${sub}`);
    }
    const known = [...Object.keys(CASES), ...WITHOUT_FILES];
    expect(names.filter((name) => !known.includes(name))).to.deep.equal([]);
  });

  for (const [name, { needs, line, missing }] of Object.entries(CASES)) {
    const row = rowOf(name);
    if (row === undefined) continue;
    it(`${name} needs ${needs.join(' or ') || 'none'}, and no other`, async () => {
      for (const lacking of ALL_PERMISSIONS) {
        server.seed(FILES);
        const before = treeOf(server.root);
        await using client = await RawFtpClient.loggedIn(server, { user: lacking });
        const isDenied = needs.length === 1 && needs[0] === lacking;
        const reply = await client.command(line);
        if (!isDenied) {
          expect(text(reply), lacking).not.to.match(/^Permission denied/);
          continue;
        }
        expect([reply.code, treeOf(server.root)]).to.deep.equal([550, before]);
        const ofMissing = await client.command(missing);
        expect([ofMissing.code, text(ofMissing)]).to.deep.equal([550, text(reply)]);
      }
    });
  }

  it('are all gone: nothing is seen or changed, and the reply is the same whatever is there', async () => {
    server.seed(FILES);
    const before = treeOf(server.root);
    await using nobody = await TestServer.start({
      authenticate: ({ user }) => ({ name: user, fileSystem: new LocalFileSystem(server.root), permissions: [] }),
    });
    await using client = await RawFtpClient.loggedIn(nobody);
    for (const [name, { needs, line, missing }] of Object.entries(CASES)) {
      if (rowOf(name) === undefined || needs.length === 0) continue;
      const there = await client.command(line);
      const notThere = await client.command(missing);
      expect([there.code, notThere.code], name).to.deep.equal([550, 550]);
      expect(text(there), name).to.equal(text(notThere));
    }
    expect(treeOf(server.root)).to.deep.equal(before);
  });

  it('let nobody rename over a file who may not write it', async () => {
    server.seed({ ...FILES, 'c.txt': 'c' });
    await using client = await RawFtpClient.loggedIn(server, { user: 'write' });
    await client.expect(350, 'RNFR c.txt');
    await client.expect(550, 'RNTO a.txt');
    expect(server.read('a.txt')).to.equal('content');
    await client.expect(350, 'RNFR c.txt');
    await client.expect(250, 'RNTO d.txt');
  });
});

/** Undefined for what this build of the server does not have. */
function rowOf(name: string): SubcommandRow | undefined {
  const [verb = '', sub] = name.split(' ');
  const row = commandTable.get(verb);
  return sub === undefined ? row : row?.subcommands?.get(sub);
}

/** Names, sizes and times of all that is there. */
function treeOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { size, mtimeMs, mode } = statSync(join(root, name));
      return `${name} ${size} ${mtimeMs} ${mode}`;
    })
    .sort();
}
