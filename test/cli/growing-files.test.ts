import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { FaultyServer, type Fault } from '../support/faulty-server.js';
import { ftps } from '../support/ftps-command.js';
import type { ProgramOutput } from '../support/peers/run-program.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('ftps put of a log to which somebody adds while it is sent', () => {
  /** More than is read ahead. */
  const content = randomBytes(2_000_000);

  /** Puts one, and adds to it once the server is asked to take it. */
  async function putting(
    flags: readonly string[],
    look: (output: ProgramOutput, sent: Buffer | undefined) => void,
  ): Promise<void> {
    await withTemporaryFolder(async (folder) => {
      const log = join(folder, 'app.log');
      await writeFile(log, content);
      const fault: Fault = async ({ verb }) => {
        if (verb === 'STOR') await appendFile(log, 'one more line\n');
        return false;
      };
      await using server = await FaultyServer.start({ fault });
      const { port } = await server.options();
      const { caFile } = await testCertificates();
      const args = ['put', log, `alice@127.0.0.1:${port}/log`, '--ca', caFile, ...flags];
      look(await ftps(args, { env: { FTPS_PASSWORD: 'secret' } }), server.bytes('log'));
    });
  }

  it('sends with --may-grow what was there when it began', async () => {
    await putting(['--may-grow'], ({ code, stderr }, sent) => {
      expect(code, stderr).to.equal(0);
      expect(sent?.equals(content)).to.equal(true);
    });
  });

  it('is an error without --may-grow, and names that', async () => {
    await putting([], ({ code, stderr }) => {
      expect(code, stderr).to.equal(1);
      expect(stderr).to.match(
        /app\.log: it was changed while it was read; --may-grow takes a file to which bytes are /,
      );
    });
  });
});
