import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { GrammarError } from '@ftps-kit/ftp-protocol';
import { ServerBinding } from '@ftps-kit/tls-core';
import {
  DEFAULT_LIMITS,
  FileSystemError,
  LocalFileSystem,
  type FaultEvent,
  type ServerEvents,
} from '@ftps-kit/ftps-server';
import { parseAccount, type AccountTerms } from '../../../packages/ftps-server/src/account.js';
import type {
  CommandContext,
  CommandRow,
  ServerContext,
  SubcommandRow,
} from '../../../packages/ftps-server/src/command-row.js';
import { commandTable } from '../../../packages/ftps-server/src/command-table.js';
import { Dispatcher } from '../../../packages/ftps-server/src/dispatcher.js';
import { EventHub } from '../../../packages/ftps-server/src/event-hub.js';
import { MetricsRecorder } from '../../../packages/ftps-server/src/metrics.js';
import { outcome, type Outcome } from '../../../packages/ftps-server/src/outcome.js';
import { NoFreePortError } from '../../../packages/ftps-server/src/passive-ports.js';
import { Session } from '../../../packages/ftps-server/src/session.js';
import { doSubcommand } from '../../../packages/ftps-server/src/subcommands.js';

const endpoint = { address: '127.0.0.1', port: 2121 };
const emitter = new EventEmitter<ServerEvents>();
const server = {
  events: new EventHub(emitter, new MetricsRecorder(), undefined),
  settings: { limits: DEFAULT_LIMITS },
} as unknown as ServerContext;

describe('the dispatcher', () => {
  let session: Session;
  let handled: CommandContext[];
  let handle: () => Outcome;

  beforeEach(() => {
    session = new Session(new ServerBinding(), endpoint, endpoint);
    handled = [];
    handle = () => outcome(200, 'done');
  });

  function secure(): void {
    session.moveSecurity('upgrading');
    session.moveSecurity('protected');
  }

  function logIn(terms: AccountTerms = {}): void {
    secure();
    session.moveLogin({
      kind: 'accepted',
      account: parseAccount({ name: 'alice', fileSystem: new LocalFileSystem('/nowhere'), ...terms }),
    });
  }

  /** Dispatches one line to a table of the one command TEST. */
  async function dispatch(line: string, row: Partial<CommandRow> = {}): Promise<number> {
    const table = new Map<string, CommandRow>([
      [
        'TEST',
        {
          ...{ argument: 'optional', login: true, security: 'tls', help: 'TEST', rfc: 'none' },
          handle: (context) => {
            handled.push(context);
            return handle();
          },
          ...row,
        },
      ],
    ]);
    const dispatcher = new Dispatcher(server, session, table, () => Promise.resolve());
    return (await dispatcher.dispatch({ kind: 'line', bytes: Buffer.from(line, 'latin1') })).code;
  }

  it('gives the handler its argument as it was sent, and the verb in upper case', async () => {
    logIn();
    expect(await dispatch('test  two spaces ')).to.equal(200);
    expect(handled[0]).to.include({ verb: 'TEST', argument: ' two spaces ' });
  });

  it('gives an empty argument where there is none', async () => {
    logIn();
    await dispatch('TEST');
    expect(handled[0]?.argument).to.equal('');
  });

  it('lets nothing through in clear that needs TLS, and says nothing about the login then', async () => {
    expect(await dispatch('TEST')).to.equal(530);
    expect(await dispatch('TEST', { login: false })).to.equal(530);
    expect(await dispatch('TEST', { login: false, security: 'any' })).to.equal(200);
    expect(handled).to.have.length(1);
  });

  it('lets nothing through while TLS is being set up', async () => {
    session.moveSecurity('upgrading');
    expect(await dispatch('TEST', { login: false })).to.equal(530);
  });

  it('lets nothing through without a login that needs one', async () => {
    secure();
    expect(await dispatch('TEST')).to.equal(530);
    expect(await dispatch('TEST', { login: false })).to.equal(200);
    session.moveLogin({ kind: 'user', user: 'alice' });
    expect(await dispatch('TEST')).to.equal(530);
  });

  it('asks for an argument that must be there, and for none that must not, after the gates', async () => {
    expect(await dispatch('TEST', { argument: 'required' })).to.equal(530);
    logIn();
    expect(await dispatch('TEST', { argument: 'required' })).to.equal(501);
    expect(await dispatch('TEST ', { argument: 'required' })).to.equal(501);
    expect(await dispatch('TEST x', { argument: 'none' })).to.equal(501);
    expect(await dispatch('TEST ', { argument: 'none' })).to.equal(200);
    expect(handled).to.have.length(1);
  });

  it('lets nobody through without the permission that the command needs, whatever its argument', async () => {
    logIn({ permissions: ['read'] });
    expect(await dispatch('TEST', { permission: 'write', argument: 'required' })).to.equal(550);
    expect(await dispatch('TEST', { permission: ['list', 'write'] })).to.equal(550);
    expect(handled).to.have.length(0);
    expect(await dispatch('TEST', { permission: ['list', 'read'] })).to.equal(200);
    expect(await dispatch('TEST', { permission: 'read' })).to.equal(200);
  });

  it('asks for the permission and the argument of a subcommand too', async () => {
    logIn({ permissions: ['read'] });
    const row = { help: 'TEST SUB', rfc: 'none', handle: () => outcome(200, 'sub') } as const;
    const table = new Map<string, SubcommandRow>([
      ['OPEN', { ...row, argument: 'required', permission: 'read' }],
      ['SHUT', { ...row, argument: 'optional', permission: 'write' }],
    ]);
    const test = (line: string) =>
      dispatch(line, { handle: (context) => doSubcommand(context, table, outcome(504, 'none')) });
    expect(await test('TEST open a b')).to.equal(200);
    expect(await test('TEST OPEN')).to.equal(501);
    expect(await test('TEST SHUT')).to.equal(550);
    expect(await test('TEST OTHER')).to.equal(504);
  });

  it('answers 502 to what is not in the table, 500 to what is no command, 501 to what is no text', async () => {
    logIn();
    expect(await dispatch('FROB')).to.equal(502);
    expect(await dispatch('CONSTRUCTOR')).to.equal(502);
    expect(await dispatch('')).to.equal(500);
    expect(await dispatch('1TEST')).to.equal(500);
    expect(await dispatch('TEST \xff')).to.equal(501);
    expect(await dispatch('TEST \0')).to.equal(501);
  });

  it('answers an overlong line with 500, and before a login with 421', async () => {
    logIn();
    const dispatcher = new Dispatcher(server, session, commandTable, () => Promise.resolve());
    expect((await dispatcher.dispatch({ kind: 'overlong', maxLineBytes: 10 })).code).to.equal(500);
    session.moveLogin({ kind: 'user', user: 'alice' });
    expect(await dispatcher.dispatch({ kind: 'overlong', maxLineBytes: 10 })).to.include({ code: 421, then: 'close' });
  });

  const failures: readonly (readonly [what: string, error: unknown, code: number])[] = [
    ['wrong grammar', new GrammarError('wrong'), 501],
    ['an unknown network protocol', new GrammarError('wrong', { replyCode: 522 }), 522],
    ['a file system that refuses', new FileSystemError('permission', '/srv/secret/path'), 550],
    ['a file system without space', new FileSystemError('no-space', '/srv/secret/path'), 452],
    ['a name that cannot be', new FileSystemError('name-not-allowed', '/srv/secret/path'), 553],
    ['a file system that fails', new FileSystemError('other', '/srv/secret/path'), 451],
    ['no port left', new NoFreePortError('maxPassivePorts', 'all ports are taken'), 425],
    ['what nobody foresaw', new TypeError('/srv/secret/path is undefined'), 451],
    ['what is not even an error', 'thrown', 451],
  ];
  for (const [what, error, code] of failures) {
    it(`answers ${code} to ${what}, and tells nothing of the inside`, async () => {
      logIn();
      const row: CommandRow = {
        ...{ argument: 'optional', login: true, security: 'tls', help: 'TEST', rfc: 'none' },
        handle: () => {
          throw error;
        },
      };
      const dispatcher = new Dispatcher(server, session, new Map([['TEST', row]]), () => Promise.resolve());
      const result = await dispatcher.dispatch({ kind: 'line', bytes: Buffer.from('TEST') });
      expect(result.code).to.equal(code);
      expect(String(result.text)).not.to.include('secret');
    });
  }

  it('tells the program around it of what nobody foresaw, and of nothing else', async () => {
    logIn();
    const faults: FaultEvent[] = [];
    emitter.on('fault', (fault) => faults.push(fault));
    const foreseen = new FileSystemError('not-found', 'gone');
    const unforeseen = new TypeError('/srv/secret/path is undefined');
    for (const error of [foreseen, unforeseen]) {
      handle = () => {
        throw error;
      };
      await dispatch('TEST');
    }
    emitter.removeAllListeners('fault');
    expect(faults).to.deep.equal([{ id: session.id, client: endpoint, where: 'command', error: unforeseen }]);
  });

  it('forgets RNFR at every command but RNTO', async () => {
    logIn();
    session.renameFrom = '/a';
    await dispatch('TEST');
    expect(session.renameFrom).to.equal(undefined);
  });
});

describe('the command table', () => {
  it('lets nobody at files or data connections without TLS and a login', () => {
    const open = ['AUTH', 'FEAT', 'OPTS', 'SYST', 'HELP', 'NOOP', 'CLNT', 'HOST', 'REIN', 'QUIT'];
    const beforeLogin = [...open, 'PBSZ', 'PROT', 'CCC', 'USER', 'PASS'];
    for (const [verb, { login, security }] of commandTable) {
      expect(security === 'any', verb).to.equal(open.includes(verb));
      expect(login, verb).to.equal(!beforeLogin.includes(verb));
    }
  });

  it('says of each command how it is written and where it comes from', () => {
    for (const [verb, { help, rfc }] of commandTable) {
      expect(help.split(' ')[0], verb).to.equal(verb);
      expect(rfc, verb).to.match(/^((RFC \d+|draft-[a-z-]+) §\d|draft-[a-z-]+, appendix [A-Z]$|de facto$)/);
    }
  });
});
