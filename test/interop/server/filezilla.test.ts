// FileZilla has no command line: its dialogue, command by command as its engine (3.6x) says it, and what it reads out of our answers.
import { expect } from 'chai';
import { parseClientPolicy, selectEngine, type TlsChannel } from '@ftps-kit/tls-core';
import { parsePassiveReply, type Reply } from '@ftps-kit/ftp-protocol';
import { readAll } from '../../support/channel-bytes.js';
import { RawFtpClient } from '../../support/raw-ftp-client.js';
import { TestServer } from '../../support/test-server.js';

/** What FileZilla offers on control connections; a server that takes the first is one of its own. */
const CONTROL_ALPN = ['x-filezilla-ftp', 'ftp'];
const DATA_ALPN = ['ftp-data'];

class FileZilla implements AsyncDisposable {
  /** What FEAT told it. */
  features: readonly string[] = [];
  readonly #client: RawFtpClient;
  readonly #server: TestServer;

  private constructor(client: RawFtpClient, server: TestServer) {
    this.#client = client;
    this.#server = server;
  }

  static async logon(server: TestServer): Promise<FileZilla> {
    const client = await RawFtpClient.secured(server, { alpn: CONTROL_ALPN });
    expect(client.tls.handshake.alpn).to.equal('ftp');
    await client.login();
    const fileZilla = new FileZilla(client, server);
    expect((await fileZilla.expect(215, 'SYST')).lines[0]).to.match(/^UNIX /);
    const { lines } = await fileZilla.expect(211, 'FEAT');
    fileZilla.features = lines.slice(1, -1).map((line) => line.trim());
    await fileZilla.expect(200, 'CLNT FileZilla');
    await fileZilla.expect(200, 'OPTS UTF8 ON');
    await fileZilla.expect(200, 'PBSZ 0');
    await fileZilla.expect(200, 'PROT P');
    return fileZilla;
  }

  expect(code: number, line: string): Promise<Reply> {
    return this.#client.expect(code, line);
  }

  /** TYPE I, PASV, the command, and TLS that must resume; gives what `move` gave, when the server has said 226. */
  async transfer<T>(command: string, move: (data: TlsChannel) => Promise<T>): Promise<T> {
    await this.expect(200, 'TYPE I');
    const { port } = parsePassiveReply((await this.expect(227, 'PASV')).lines.join(''));
    const tcp = await this.#client.dataTcp(port);
    await this.expect(150, command);
    const connector = selectEngine().connector(parseClientPolicy({ ca: this.#server.caPem, alpn: DATA_ALPN }));
    const data = await connector.connect(tcp.channel, {
      role: 'data',
      host: 'localhost',
      binding: this.#client.binding,
    });
    // Else it asks its user whether to go on.
    expect(data.handshake).to.include({ resumed: true, alpn: 'ftp-data' });
    const moved = await move(data);
    await data.end();
    expect((await this.#client.reply()).code).to.equal(226);
    data.destroy();
    return moved;
  }

  async text(command: string): Promise<string> {
    return this.transfer(command, async (data) => (await readAll(data)).toString());
  }

  async send(command: string, content: string): Promise<void> {
    await this.transfer(command, (data) => data.write(Buffer.from(content)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}

describe('FileZilla', () => {
  it('finds the features it looks for, and no fact that it would have to turn on', async () => {
    await using server = await TestServer.start();
    await using fileZilla = await FileZilla.logon(server);
    const { features } = fileZilla;
    expect(features).to.include.members(['UTF8', 'CLNT', 'TVFS', 'MFMT', 'EPSV', 'REST STREAM', 'MDTM', 'SIZE']);
    const mlst = features.find((feature) => feature.startsWith('MLST '))?.slice(5) ?? '';
    expect(mlst)
      .to.match(/type\*;/)
      .and.to.match(/size\*;/)
      .and.to.match(/modify\*;/);
    // What is not enabled it would ask for by OPTS MLST.
    const understood = ['type', 'size', 'modify', 'perm', 'unix.mode'];
    for (const fact of understood) expect(mlst.toLowerCase()).to.include(`${fact}*;`);
  });

  it('lists by MLSD and, told to show hidden files, by LIST -a', async () => {
    await using server = await TestServer.start({ files: { 'größer.bin': 'abc', 'folder/x': 'x', '.hidden': '' } });
    await using fileZilla = await FileZilla.logon(server);
    expect((await fileZilla.expect(257, 'PWD')).lines[0]).to.match(/^"\/"/);
    const facts = await fileZilla.text('MLSD');
    expect(facts)
      .to.match(/^type=file;size=3;modify=\d{14}\S*; größer\.bin\r$/im)
      .and.to.match(/^type=dir;\S* folder\r$/im);
    expect(facts).to.match(/unix\.mode=0\d{3};/i);
    const long = await fileZilla.text('LIST -a');
    expect(long).to.match(/^-[rwx-]{9} +1 \S+ +\S+ +3 \w{3} [ \d]\d \d\d:\d\d größer\.bin\r$/m);
    expect(long)
      .to.match(/^d[rwx-]{9} .* folder\r$/m)
      .and.to.match(/ \.hidden\r$/m);
  });

  it('uploads with the time of the file, resumes both ways, and tidies up', async () => {
    await using server = await TestServer.start();
    await using fileZilla = await FileZilla.logon(server);
    await fileZilla.expect(257, 'MKD /neuer Ordner');
    await fileZilla.expect(250, 'CWD /neuer Ordner');
    expect((await fileZilla.expect(257, 'PWD')).lines[0]).to.match(/^"\/neuer Ordner"/);
    await fileZilla.send('STOR a.txt', 'first half, ');
    await fileZilla.expect(213, 'MFMT 20200102030405 a.txt');
    expect((await fileZilla.expect(213, 'MDTM a.txt')).lines[0]).to.equal('20200102030405');
    await fileZilla.send('APPE a.txt', 'second half');
    expect(server.read('neuer Ordner/a.txt')).to.equal('first half, second half');
    await fileZilla.expect(350, 'REST 12');
    expect(await fileZilla.text('RETR a.txt')).to.equal('second half');
    await fileZilla.expect(350, 'RNFR a.txt');
    await fileZilla.expect(250, 'RNTO b.txt');
    await fileZilla.expect(250, 'DELE b.txt');
    await fileZilla.expect(250, 'CWD /');
    await fileZilla.expect(250, 'RMD /neuer Ordner');
    expect(server.names()).to.deep.equal([]);
    expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(3).fill('bound'));
  });
});
