// Runs the openssl engine's own test suite under valgrind, and fails for errors and leaks with our code in their stacks.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..', '..');
const mocha = path.join(
  path.dirname(createRequire(path.join(root, 'package.json')).resolve('mocha/package.json')),
  'bin',
  'mocha.js',
);
const folder = mkdtempSync(path.join(tmpdir(), 'ftps-kit-memory-'));
const log = path.join(folder, 'valgrind.log');

const { status, error } = spawnSync(
  'valgrind',
  [
    ...['--leak-check=full', '--show-leak-kinds=definite', '--num-callers=60', '--error-limit=no', `--log-file=${log}`],
    // V8 writes code while it runs; and the addon's names are needed after a worker thread has let go of it.
    ...['--smc-check=all-non-file', '--keep-debuginfo=yes'],
    ...[process.execPath, '--import', 'tsx', '--conditions=@ftps-kit/source'],
    // With its configuration file mocha would start another Node, outside valgrind.
    ...[mocha, '--no-config', '--timeout', '600000', 'test/compliance/openssl-only/*.test.ts'],
  ],
  { cwd: root, stdio: 'inherit' },
);
if (error !== undefined) {
  console.error(`check:memory needs valgrind: ${error.message}`);
  process.exit(1);
}
// Blocks of lines "==pid== text", one a finding, parted by empty ones. What has no line of ours in it is Node's own.
const findings = readFileSync(log, 'utf8')
  .replaceAll(/^==\d+== ?/gm, '')
  .split(/\n\s*\n/)
  .filter((finding) => /^ +(at|by) 0x/m.test(finding));
const ours = findings.filter((finding) => /ftps_tls/.test(finding));
rmSync(folder, { recursive: true });
for (const finding of ours) console.error(`${finding}\n`);
console.log(`check:memory: ${ours.length} of ${findings.length} findings are ours; the suite ended with ${status}`);
process.exit(ours.length === 0 && status === 0 ? 0 : 1);
