// What somebody between the peers, or a client that does not care, can do before TLS: nothing.
import { expect } from 'chai';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

/** RFC 4217 §10.1 lets a server name the commands that it takes before TLS. */
const openCommands = ['AUTH', 'FEAT', 'OPTS', 'SYST', 'HELP', 'NOOP', 'CLNT', 'HOST', 'REIN', 'QUIT'];

describe('a server, before TLS', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed(
    'greeted',
    (served) => {
      ({ server, client } = served);
    },
    { files: { 'a.txt': 'a' } },
  );

  it('answers every command but the open ones with 530, with and without an argument', async () => {
    const verbs = text(await client.expect(214, 'HELP')).match(/\b[A-Z]{3,4}\b/g) ?? [];
    expect(verbs).to.include.members([...openCommands, 'USER', 'PASS', 'RETR', 'STOR', 'PASV', 'PBSZ', 'PROT']);
    for (const verb of verbs.filter((name) => !openCommands.includes(name))) {
      for (const line of [verb, `${verb} a.txt`]) expect((await client.command(line)).code, line).to.equal(530);
    }
    expect(server.logins).to.deep.equal([]);
  });

  it('answers commands that need a login with 530 under TLS too, until there is one', async () => {
    await client.expect(234, 'AUTH TLS');
    await client.startTls();
    for (const verb of ['RETR', 'STOR', 'LIST', 'MLSD', 'CWD', 'DELE', 'MKD', 'PASV', 'EPSV', 'SIZE', 'TYPE', 'REST']) {
      expect((await client.command(`${verb} a.txt`)).code, verb).to.equal(530);
    }
  });

  const injections: readonly (readonly [what: string, behind: string | Uint8Array])[] = [
    ['a whole login', 'USER alice\r\nPASS opensesame\r\nDELE a.txt\r\n'],
    ['one command', 'NOOP\r\n'],
    ['the beginning of a command', 'US'],
    ['an empty line', '\r\n'],
    ['a Telnet command alone', Uint8Array.of(0xff, 0xf1)],
    ['an overlong line', `${'x'.repeat(20_000)}\r\n`],
  ];
  for (const [what, behind] of injections) {
    it(`ends the connection when ${what} comes in clear behind AUTH TLS, and obeys none of it`, async () => {
      const disconnected = server.next('disconnect');
      await client.send(Buffer.concat([Buffer.from('AUTH TLS\r\n'), Buffer.from(behind)]));
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TLS_PLAINTEXT_INJECTION');
      expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(['plaintext-injection']);
      expect(server.logins).to.deep.equal([]);
      expect(server.read('a.txt')).to.equal('a');
    });
  }

  it('ends it too where AUTH TLS is the end of all that was read so far, and the rest lies in the socket', async () => {
    const [noise, auth] = [`CLNT ${'x'.repeat(57)}\r\n`, 'AUTH TLS\r\n'];
    // Whatever the server reads at a time: up to one of these sizes it is a number of whole reads.
    for (let sizeBytes = noise.length; sizeBytes <= 16_384; sizeBytes *= 2) {
      await using attacked = await RawFtpClient.greeted(server);
      const inFront = noise.repeat(sizeBytes / noise.length).replace('x'.repeat(auth.length), '');
      await attacked.send(`${inFront}${auth}NOOP\r\n`);
      let code: number;
      do ({ code } = await attacked.reply());
      while (code === 200);
      expect(code, String(sizeBytes)).to.equal(421);
      expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(['plaintext-injection']);
      server.refusals.length = 0;
    }
  });

  it('takes what comes in clear behind the 234 for TLS, in which it has no meaning', async () => {
    const disconnected = server.next('disconnect');
    await client.expect(234, 'AUTH TLS');
    await client.send('USER alice\r\nPASS opensesame\r\nNOOP\r\n');
    expect(await client.rest()).not.to.match(/^[1-5]\d\d/m);
    expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TLS_HANDSHAKE');
    expect(server.logins).to.deep.equal([]);
  });

  it('answers what came in clear in front of AUTH TLS, and then goes on under TLS', async () => {
    await client.send('NOOP\r\nSYST\r\nAUTH TLS\r\n');
    const codes = [await client.reply(), await client.reply(), await client.reply()].map(({ code }) => code);
    expect(codes).to.deep.equal([200, 215, 234]);
    await client.startTls();
    await client.login();
  });
});
