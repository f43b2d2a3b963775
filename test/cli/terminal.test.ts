import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PASSWORD, USER, ftpsProgram, startServe, type ServeCommand } from '../support/ftps-command.js';
import { executable, missingExecutable, requirePeer } from '../support/peers/peer.js';
import { freePort } from '../support/ports.js';
import { layWire } from '../support/wire.js';

/** Gives a program a terminal; part of util-linux. */
const script = { name: 'script', missing: () => missingExecutable('script') };

interface Terminal {
  /** Waits until the screen has shown these words. */
  shown(words: RegExp): Promise<void>;
  type(keys: string): void;
  /** The exit code. */
  readonly ended: Promise<number | null>;
  /** All that was written to the terminal. */
  screen(): string;
}

/** Runs `ftps` on a terminal, without FTPS_PASSWORD. */
function onTerminal(args: readonly string[], cwd: string): Terminal {
  const words = [process.execPath, ftpsProgram, ...args].map((word) => `'${word}'`);
  const child = spawn(executable('script'), ['-qefc', words.join(' '), '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C.UTF-8', TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    shown: (expected) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (expected.test(screen)) resolve();
        };
        child.stdout.on('data', look);
        look();
        void ended.then(() => {
          reject(new Error(`it ended without showing ${String(expected)}: ${screen}`));
        });
      }),
    type: (keys) => {
      child.stdin.write(keys);
    },
    ended: ended.finally(() => child.stdin.destroy()),
    screen: () => screen,
  };
}

describe('ftps on a terminal', () => {
  let folder: string;
  let local: string;
  let server: ServeCommand;
  let ports: { readonly control: number; readonly data: number };

  before(async function () {
    requirePeer(this, script);
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-terminal-'));
    local = join(folder, 'local');
    await mkdir(join(folder, 'served'));
    await mkdir(local);
    await writeFile(join(folder, 'served', 'remote.bin'), Buffer.alloc(4_000_000));
    const data = await freePort();
    server = await startServe(join(folder, 'served'), ['--passive-ports', `${data}-${data}`, '--grace', '0']);
    ports = { control: server.port, data };
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  it('asks for a password, and does not show it', async () => {
    const terminal = onTerminal(['ls', server.url(''), ...server.trust], local);
    await terminal.shown(/password for alice@127\.0\.0\.1: $/);
    terminal.type(`${PASSWORD}\r`);
    expect(await terminal.ended, terminal.screen()).to.equal(0);
    expect(terminal.screen()).to.match(/^password for alice@127\.0\.0\.1: \r\n.+ {2}remote\.bin\r\n$/);
  });

  it('asks twice for a new password, shows neither, and takes them only where they are the same', async () => {
    const users = join(folder, 'users.json');
    for (const [again, code, words] of [
      ['another', 1, /ftps:.* the two passwords are not the same\r\n$/],
      [PASSWORD, 0, new RegExp(`^new password for bob: \\r\\nagain: \\r\\nbob: added in ${users}\\r\\n$`)],
    ] as const) {
      const terminal = onTerminal(['passwd', users, 'bob'], local);
      await terminal.shown(/new password for bob: $/);
      terminal.type(`${PASSWORD}\r`);
      await terminal.shown(/again: $/);
      terminal.type(`${again}\r`);
      expect(await terminal.ended, terminal.screen()).to.equal(code);
      expect(terminal.screen()).to.match(words).and.not.include(PASSWORD);
    }
  });

  for (const [key, name] of [
    ['\x03', 'Ctrl-C'],
    ['\x04', 'Ctrl-D'],
  ] as const) {
    it(`ends with 130 where the password is not given but ${name}`, async () => {
      const terminal = onTerminal(['ls', server.url(''), ...server.trust], local);
      await terminal.shown(/: $/);
      terminal.type(key);
      expect(await terminal.ended, terminal.screen()).to.equal(130);
      expect(terminal.screen()).to.match(/: \r\n.*ftps:.* no password was given\r\n$/);
    });
  }

  it('shows how far a transfer has come, and takes the bar away at Ctrl-C', async () => {
    await using wire = await layWire(ports, { afterBytes: 2_000_000, then: 'halt' });
    const url = `${USER}@${wire.host}:${wire.port}/remote.bin`;
    const terminal = onTerminal(['get', url, ...server.trust], local);
    await terminal.shown(/: $/);
    terminal.type(`${PASSWORD}\r`);
    await wire.broken;
    await terminal.shown(/remote\.bin \[=+-+\] +\d\d% 1\.\d+ MB \d.*B\/s/);
    terminal.type('\x03');
    expect(await terminal.ended, terminal.screen()).to.equal(130);
    expect(terminal.screen()).to.match(/RETR was aborted\r\n$/);
    expect(await readdir(local)).to.deep.equal([]);
  });

  it('takes what is typed for a file, to its end or to Ctrl-C', async () => {
    const typed = join(folder, 'served', 'typed.txt');
    for (const [keys, code, content] of [
      ['\x04', 0, 'typed\n'],
      ['\x03', 130, undefined],
    ] as const) {
      const terminal = onTerminal(['put', '/dev/tty', server.url('typed.txt'), ...server.trust], local);
      await terminal.shown(/: $/);
      terminal.type(`${PASSWORD}\r`);
      await terminal.shown(/: \r\n/);
      terminal.type('typed\r');
      await terminal.shown(/typed\r\n/);
      terminal.type(keys);
      expect(await terminal.ended, terminal.screen()).to.equal(code);
      expect(await readFile(typed, 'utf8').catch(() => undefined)).to.equal(content);
      await rm(typed, { force: true });
    }
  });
});
