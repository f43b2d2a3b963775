// The commands that begin with X, as people give them to real clients: folders under their old names, and hashes.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { curl } from '../../support/peers/curl.js';
import { lftp } from '../../support/peers/lftp.js';
import { requirePeer } from '../../support/peers/peer.js';
import { TestServer } from '../../support/test-server.js';

const text = '123456789';

function hashOf(algorithm: string): string {
  return createHash(algorithm).update(text).digest('hex');
}

/** Each command, and what its reply has to look like. */
const dialogue: readonly (readonly [string, RegExp])[] = [
  ['XMKD new folder', /257 "\/new folder"/],
  ['XCWD new folder', /250 /],
  ['XPWD', /257 "\/new folder"/],
  ['XCUP', /2(00|50) /],
  ['XPWD', /257 "\/"/],
  ['XRMD new folder', /250 /],
  ['XCRC "a file"', /250 .*cbf43926/i],
  ['XMD5 "a file"', new RegExp(`250 .*${hashOf('md5')}`, 'i')],
  ['XSHA1 "a file"', new RegExp(`250 .*${hashOf('sha1')}`, 'i')],
  ['XSHA256 "a file"', new RegExp(`250 .*${hashOf('sha256')}`, 'i')],
  ['XSHA512 "a file"', new RegExp(`250 .*${hashOf('sha512')}`, 'i')],
];

/** Finds every reply in what the client shows, one behind the other. */
function expectReplies(shown: string): void {
  let rest = shown;
  for (const [command, reply] of dialogue) {
    const found = reply.exec(rest);
    if (found === null) expect.fail(`${command}: no ${String(reply)} in ${rest}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

describe('the X commands', () => {
  it('are answered to curl -Q', async function () {
    requirePeer(this, curl);
    await using server = await TestServer.start({ files: { 'a file': text } });
    const quotes = dialogue.flatMap(([command]) => ['-Q', command]);
    const output = await curl.run(server, [...quotes, curl.url(server)]);
    expect(output.code, output.stderr).to.equal(0);
    expectReplies(output.stderr.replace(/^[^<].*\n/gm, ''));
    expect(server.names()).to.deep.equal(['a file']);
  });

  it("are answered to lftp's quote", async function () {
    requirePeer(this, lftp);
    await using server = await TestServer.start({ files: { 'a file': text } });
    const output = await lftp.run(
      server,
      dialogue.map(([command]) => `quote ${command.replaceAll('"', '\\"')}`),
    );
    expect(output.code, output.stderr.slice(-2_000)).to.equal(0);
    expectReplies(output.stdout);
    expect(server.names()).to.deep.equal(['a file']);
  });
});
