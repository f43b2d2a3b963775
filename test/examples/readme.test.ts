// What the README and the page about the client tell a reader to type does what they say.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient } from '@ftps-kit/ftps-client';
import { ReadersFolder, documentedCode, ftpsInShell, replaced, repository } from '../support/documented-code.js';
import { runProgram } from '../support/peers/run-program.js';
import { freePort } from '../support/ports.js';

/** In place of a fingerprint, which is another one on each machine. */
const FINGERPRINT = '6C:55:…';

describe('what the README tells a reader to type', () => {
  let reader: ReadersFolder;
  let files: string;
  let port: number;

  beforeEach(async () => {
    reader = await ReadersFolder.make();
    files = join(reader.path, 'files');
    await mkdir(files);
    port = await freePort();
  });

  afterEach(() => reader[Symbol.asyncDispose]());

  /** Types the line that starts the server, and gives what it said. */
  async function serve() {
    const line = (await documentedCode('README.md', 'sh')).find((block) => block.startsWith('npx ftps serve')) ?? '';
    const replacements = { 'npx ftps': `exec ${ftpsInShell}`, '/tmp/files': files, '2121': String(port) };
    const server = reader.startShell(replaced(line, replacements));
    await server.shown(/^fingerprint: .*\n/m);
    const fingerprint = /^fingerprint: ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$/m.exec(server.output())?.[1] ?? '';
    return { server, fingerprint };
  }

  it('serves a folder, and says where and by which certificate', async () => {
    const { server } = await serve();
    try {
      const said = (await documentedCode('README.md', 'text')).find((block) => block.startsWith('listening')) ?? '';
      const shape = replaced(said, { '2121': String(port), '/tmp/files': files, [FINGERPRINT]: '6C:55:' })
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace(/engine: .*\\\)/, 'engine: [^\\n]+\\)')
        .replace('6C:55:', '(?:[0-9A-F]{2}:){31}[0-9A-F]{2}');
      expect(server.output()).to.match(new RegExp(`^${shape}`));
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('finds the command by npx in this folder', async () => {
    const { code, stdout, stderr } = await runProgram('npx', ['--no-install', 'ftps', '--version'], {
      cwd: repository,
    });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^\d+\.\d+\.\d+, TLS engine: /);
  });

  it('moves a file there and back by the command', async () => {
    const { server, fingerprint } = await serve();
    try {
      const lines = (await documentedCode('README.md', 'sh')).find((block) => block.includes('npx ftps put')) ?? '';
      const copy = join(reader.path, 'copy.md');
      const { code, stdout, stderr } = await reader.runShell(
        replaced(lines, {
          ...{ 'npx ftps': ftpsInShell, '2121': String(port), '/tmp/copy.md': copy, [FINGERPRINT]: fingerprint },
        }),
      );
      expect(code, stderr).to.equal(0);
      expect(stderr).to.equal('');
      expect(stdout.split('\n')).to.have.length(4);
      expect(stdout).to.match(/^README\.md -> README\.md .*verified\)\n.* README\.md\nREADME\.md -> .*verified\)\n$/);
      expect(await readFile(copy, 'utf8')).to.equal(await readFile(join(reader.path, 'README.md'), 'utf8'));
      expect(await readdir(files)).to.deep.equal(['README.md']);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('uploads and lists by the client, with a proof', async () => {
    const { server, fingerprint } = await serve();
    try {
      const [program = ''] = await documentedCode('README.md', 'ts');
      const { code, stdout, stderr } = await reader.runTypeScript(
        replaced(program, { '2121': String(port), [FINGERPRINT]: fingerprint }),
      );
      expect(code, stderr).to.equal(0);
      const { length } = await readFile(join(reader.path, 'README.md'));
      expect(stdout).to.equal(
        `${length} bytes; data connection resumed: true; verified by hash\nREADME.md ${length}\n`,
      );
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('embeds a server, which says what was transferred', async () => {
    const [, program = ''] = await documentedCode('README.md', 'ts');
    const server = await reader.serveTypeScript(replaced(program, { '/tmp/files': files, '2121': String(port) }), port);
    try {
      const login = { host: '127.0.0.1', port, user: 'alice', password: 'secret' };
      const client = await FtpsClient.connect({ ...login, tls: { dangerouslyAcceptAnyCertificate: true } });
      expect((await client.upload(Buffer.from('hello'), 'a.txt')).resumed).to.equal(true);
      await client.close();
      expect(await readFile(join(files, 'a.txt'), 'utf8')).to.equal('hello');
      await server.shown(/^STOR \/a\.txt 5 \S+\n$/);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('does all that the page about the client shows, one block behind the other', async () => {
    const { server, fingerprint } = await serve();
    try {
      // What the page takes for granted.
      const before = [
        "const password = 'secret';",
        "const names = ['one', 'two', 'three'];",
        "async function* archive(start: number) { yield Buffer.from('the archive').subarray(start); }",
      ];
      await mkdir(join(files, 'backup'));
      await mkdir(join(files, 'in'));
      await writeFile(join(files, 'backup', 'a.tar'), 'yesterday');
      await mkdir(join(reader.path, 'out'));
      for (const name of ['one', 'two', 'three']) await writeFile(join(reader.path, 'out', name), name);
      const blocks = await documentedCode('docs/client.md', 'ts');
      const here = `'127.0.0.1', port: ${port}, tls: { pins: ['${fingerprint}'] }`;
      const program = replaced([...before, ...blocks].join('\n'), { "'ftp.example.org'": here });
      const { code, stderr } = await reader.runTypeScript(program);
      expect(code, stderr).to.equal(0);
      expect(await readFile(join(reader.path, 'a.tar'), 'utf8')).to.equal('yesterday');
      expect(await readFile(join(files, 'backup', 'b.tar'), 'utf8')).to.equal('the archive');
      expect(await readdir(join(files, 'in'))).to.have.members(['one', 'two', 'three']);
      expect(await readdir(join(reader.path, 'tickets'))).to.not.be.empty;
      expect(await readFile(join(reader.path, 'copy', 'a.tar'), 'utf8')).to.equal('yesterday');
      expect(blocks).to.have.length(7);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });
});
