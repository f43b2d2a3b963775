// RFC 2389, feature negotiation: FEAT and OPTS.
import { expect } from 'chai';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

describe('RFC 2389', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed('greeted', (served) => {
    ({ server, client } = served);
  });

  const features = [
    'UTF8',
    'TVFS',
    'AUTH TLS',
    'PBSZ',
    'PROT',
    'CLNT',
    'HOST',
    'EPSV',
    'REST STREAM',
    'SIZE',
    'MDTM',
    'MFMT',
    'MLST type*;size*;modify*;create*;perm*;unique*;UNIX.mode*;',
    'MFF Modify;UNIX.mode;',
    'RANG STREAM',
    'HASH SHA-256*;SHA-512;SHA-1;MD5',
    'XCRC',
    'XMD5',
    'XSHA1',
    'XSHA256',
    'XSHA512',
  ];

  it('§3.2 FEAT gives 211, one feature a line behind one space, and 211 End; before TLS and after it', async () => {
    const inClear = await client.command('FEAT');
    expect(inClear.code).to.equal(211);
    expect(inClear.lines.at(-1)).to.equal('End');
    const listed = inClear.lines.slice(1, -1);
    for (const line of listed) expect(line).to.match(/^ [\x21-\x7e]+( [\x20-\x7e]+)?$/);
    expect(listed.map((line) => line.slice(1)).sort()).to.deep.equal([...features].sort());

    await client.expect(234, 'AUTH TLS');
    await client.startTls();
    expect((await client.command('FEAT')).lines).to.deep.equal(inClear.lines);
  });

  it('§3.2 FEAT with an argument is 501', async () => {
    expect((await client.command('FEAT all')).code).to.equal(501);
  });

  it('§3.2 every feature that is listed is also served', async () => {
    await using member = await RawFtpClient.loggedIn(server);
    for (const command of [
      'EPSV',
      'REST 0',
      'SIZE x',
      'MDTM x',
      'MLST',
      'PBSZ 0',
      'PROT P',
      'HASH x',
      'RANG 0 1',
      'XCRC x',
    ]) {
      expect((await member.command(command)).code, command).not.to.be.oneOf([500, 502]);
    }
  });

  it('§4 OPTS is 200 for options that are recognised, 501 for all others', async () => {
    const replies: readonly (readonly [command: string, code: number])[] = [
      ['OPTS UTF8', 200],
      ['OPTS UTF8 ON', 200],
      ['opts utf8 on', 200],
      ['OPTS UTF8 OFF', 501],
      ['OPTS UTF8 MAYBE', 501],
      ['OPTS MLST type;size;', 200],
      ['OPTS MLST', 200],
      ['OPTS MLST type size', 501],
      ['OPTS RETR fast', 501],
      ['OPTS', 501],
    ];
    for (const [command, code] of replies) expect((await client.command(command)).code, command).to.equal(code);
  });
});
