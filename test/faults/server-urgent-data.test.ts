// Telnet's Synch as TCP urgent data (RFC 959 §4.1.3, ABOR): the urgent byte is taken out of line, and no command is lost by it.
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { findExecutable, requirePeer } from '../support/peers/peer.js';
import { pythonFtplib } from '../support/peers/python-ftplib.js';
import { runProgram } from '../support/peers/run-program.js';
import { TestServer } from '../support/test-server.js';

const script = fileURLToPath(new URL('../support/peers/urgent_data.py', import.meta.url));

describe('TCP urgent data', () => {
  before(function () {
    requirePeer(this, pythonFtplib);
  });

  it('in front of a command in clear, and of ABOR beside TLS, is passed over: the command is obeyed', async () => {
    await using server = await TestServer.start({ binding: 'allow' });
    const { host, port, user, password, caFile } = server;
    const python = findExecutable('/usr/bin/python3') ?? 'python3';
    const output = await runProgram(python, ['-I', script, JSON.stringify({ host, port, user, password, caFile })]);
    const codes = output.stdout.trim().split('\n').map(Number);
    expect(codes.slice(0, 3), output.stderr).to.deep.equal([220, 200, 234]);
    expect(codes.slice(3), output.stderr).to.deep.equal([331, 230, 200, 200, 229, 150, 426, 226, 200, 221]);
    expect(server.names()).to.deep.equal([]);
  });
});
