// Compiles the native binding where a compiler is there; without one the portable engine serves, and one line says so.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '..');
const native = path.join(folder, 'native');
const build = path.join(folder, 'build');
const binary = path.join(build, 'Release', 'ftps_tls.node');
const stamp = path.join(build, 'sources.sha256');
const required = process.env.FTPS_REQUIRE_PEERS === '1';

if (!isUpToDate()) {
  const failure = compile();
  if (failure === undefined) {
    writeFileSync(stamp, sourceHash());
  } else {
    console.log(`tls-core: the openssl engine was not built (${failure.reason}); the portable engine serves`);
    if (required) console.error(failure.log);
    if (required || process.argv.includes('--prebuild')) process.exit(1);
    process.exit(0);
  }
}
if (process.argv.includes('--prebuild')) keepPrebuilt();

/** The addon uses only Node-API, so that one build serves every Node that has OpenSSL 3: the sources alone count. */
function isUpToDate() {
  return existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceHash();
}

function sourceHash() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`);
  for (const name of readdirSync(native).sort()) {
    if (name !== 'build')
      hash
        .update(`${name}\0`)
        .update(readFileSync(path.join(native, name)))
        .update('\0');
  }
  return hash.digest('hex');
}

function compile() {
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) return { reason: 'node-gyp is not installed', log: '' };
  // Node's own headers lie beside it where it came as a package; else node-gyp downloads them.
  const nodeFolder = path.dirname(path.dirname(process.execPath));
  const hasHeaders = existsSync(path.join(nodeFolder, 'include', 'node', 'node_api.h'));
  const result = spawnSync(
    process.execPath,
    [nodeGyp, 'rebuild', ...(hasHeaders ? [`--nodedir=${nodeFolder}`] : [])],
    // One file at a time would take twice as long.
    { cwd: native, encoding: 'utf8', env: { ...process.env, JOBS: process.env.JOBS ?? '2' }, timeout: 300_000 },
  );
  if (result.status === 0) {
    // binding.gyp lies beside the sources and not in the package's own folder: npm and pnpm would take that for an
    // install script. So its output is moved to where node-gyp-build looks for it.
    rmSync(build, { recursive: true, force: true });
    renameSync(path.join(native, 'build'), build);
    return undefined;
  }
  const log = `${result.stdout}${result.stderr}`;
  return { reason: reasonIn(log, result), log };
}

function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return undefined;
  }
}

function reasonIn(log, result) {
  if (result.error !== undefined) return result.error.message;
  const error = log.split('\n').find((line) => /not found|Could not find|error:|ERR! stack/.test(line));
  return error?.replace(/^gyp ERR! (stack )?(Error: )?/, '').trim() ?? `node-gyp ended with ${result.status}`;
}

/** Puts this platform's binary where node-gyp-build looks for it in a published package. */
function keepPrebuilt() {
  const target = path.join(folder, 'prebuilds', `${process.platform}-${process.arch}`);
  mkdirSync(target, { recursive: true });
  const glibc = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime !== undefined;
  const libc = process.platform === 'linux' ? (glibc ? '.glibc' : '.musl') : '';
  copyFileSync(binary, path.join(target, `node.napi${libc}.node`));
  console.log(`tls-core: ${path.relative(folder, target)} is ready to be published`);
}
