import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { conformancePage } from '../../../packages/ftps-server/scripts/conformance-page.js';
import { leftOut } from '../../../packages/ftps-server/scripts/left-out.js';
import { RawFtpClient } from '../../support/raw-ftp-client.js';
import { TestServer } from '../../support/test-server.js';

describe('docs/conformance.md', () => {
  it('is what the command table says; `npm run docs:conformance` writes it', async () => {
    const committed = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8');
    expect(committed).to.equal(await conformancePage());
  });

  it('tells true of commands that it says are left out', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    const commands = ['SMNT x', 'ADAT x', 'MIC x', 'CONF x', 'ENC x', 'LANG en', 'CCC', 'PROT S', 'MODE C', 'STRU R'];
    for (const command of commands) {
      const [verb = ''] = command.split(' ');
      const said = leftOut.flatMap(({ items }) => items).find(([what]) => new RegExp(`\\b${verb}\\b`).test(what));
      expect(said?.[1], command).to.include(String((await client.command(command)).code));
    }
  });
});
