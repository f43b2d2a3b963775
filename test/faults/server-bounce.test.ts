// PORT bounce: a server that connects wherever it is told is a weapon for somebody else's hands.
import { expect } from 'chai';
import { listenForServer } from '../support/active-data.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

describe('PORT and EPRT', () => {
  const targets: readonly (readonly [what: string, command: string])[] = [
    ['another host', 'PORT 192,0,2,1,10,10'],
    ['another address of the same machine', 'PORT 127,0,0,2,10,10'],
    ['another host', 'EPRT |1|192.0.2.1|2570|'],
    ['a port of a service', 'PORT 127,0,0,1,0,25'],
    ['a port of a service', 'EPRT |1|127.0.0.1|1023|'],
  ];
  for (const [what, command] of targets) {
    it(`never lead to ${what}: ${command} is 504, told as a refusal, and the transfer goes nowhere`, async () => {
      await using server = await TestServer.start({ active: true, files: { 'a.txt': 'a' } });
      await using client = await RawFtpClient.loggedIn(server);
      expect((await client.command(command)).code).to.equal(504);
      expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(['bounce']);
      expect((await client.command('RETR a.txt')).code).to.equal(425);
      await client.expect(257, 'PWD');
    });
  }

  it('lead to ports above 1023 of the client itself, and refused ones leave what was announced before', async () => {
    await using server = await TestServer.start({ active: true, files: { 'a.txt': 'a' } });
    await using client = await RawFtpClient.loggedIn(server);
    await using port = await listenForServer();
    await client.expect(200, `PORT ${port.sixNumbers}`);
    await client.expect(504, 'PORT 192,0,2,1,10,10');
    await client.send('RETR a.txt\r\n');
    (await port.accept()).channel.destroy();
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([150, 425]);
  });
});
