// Where there is no compiler: one line says so, and the portable engine serves; where it must be there, a failure.
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/tls-core';
import { checkOpensslVersion } from '../../../packages/tls-core/src/openssl/native-binding.js';
import { runProgram } from '../../support/peers/run-program.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const tlsCore = fileURLToPath(new URL('../../../packages/tls-core/', import.meta.url));

/** Builds a copy of the package on a machine whose PATH leads nowhere. */
async function buildWithoutCompiler(env: NodeJS.ProcessEnv = {}, args: readonly string[] = []) {
  let output = { code: null as number | null, stdout: '', stderr: '' };
  await withTemporaryFolder(async (folder) => {
    for (const part of ['native', 'scripts', 'package.json']) {
      await cp(join(tlsCore, part), join(folder, part), { recursive: true });
    }
    await symlink(join(tlsCore, 'node_modules'), join(folder, 'node_modules'));
    await mkdir(join(folder, 'nothing'));
    output = await runProgram(process.execPath, [join(folder, 'scripts', 'build-native.mjs'), ...args], {
      env: { PATH: join(folder, 'nothing'), ...env },
    });
  });
  return output;
}

describe('the native binding', () => {
  it('is not built without a compiler, says so in one line, and nothing fails', async () => {
    const { code, stdout } = await buildWithoutCompiler();
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/^tls-core: the openssl engine was not built \(.+\); the portable engine serves\n$/);
  });

  it('is a failure where it has to be built', async () => {
    expect((await buildWithoutCompiler({ FTPS_REQUIRE_PEERS: '1' })).code).to.equal(1);
    expect((await buildWithoutCompiler({}, ['--prebuild'])).code).to.equal(1);
  });

  it('is refused where Node carries another OpenSSL, or none', () => {
    for (const version of ['1.1.1w', '4.0.0', undefined]) {
      expect(() => {
        checkOpensslVersion(version);
      }).to.throw(ConfigError, version === undefined ? /has none; use the node engine/ : /needs OpenSSL 3/);
    }
    checkOpensslVersion('3.5.2');
  });
});
