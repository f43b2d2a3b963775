// What a server leaves behind in its process when it has closed: nothing that would keep the process alive.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../support/server-lifecycle.ts', import.meta.url));

describe('a server that has closed', () => {
  it('keeps no timer, socket or thread: its process ends by itself', async function () {
    this.timeout(60_000);
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import=tsx', '--conditions=@ftps-kit/source', program],
      // Far beyond what it takes: a process that is kept alive is killed then, and the promise rejects.
      { timeout: 40_000 },
    );
    expect([stdout, stderr]).to.deep.equal(['closed', '']);
  });
});
