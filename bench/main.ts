// Runs the benchmarks named as arguments, or all: `npm run bench -- [--json] [--rounds N] [NAME…]`.
import { parseArgs } from 'node:util';
import { resultsOf, tableOf, type Benchmark } from './benchmark.js';
import { serverSessions } from './server-sessions.js';
import { serverTransfer } from './server-transfer.js';
import { tlsHandshakes } from './tls-handshakes.js';
import { tlsThroughput } from './tls-throughput.js';

const benchmarks: readonly Benchmark[] = [tlsThroughput, tlsHandshakes, serverTransfer, serverSessions];

const usage = `usage: npm run bench -- [--json] [--rounds N] [${benchmarks.map(({ name }) => name).join('|')}]…`;

function fail(why: string): never {
  console.error(`${why}\n${usage}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '5' },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds: '${values.rounds}' is not a whole number from 1 on`);
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) fail(`there is no benchmark ${unknown.join(', ')}`);
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  const results = await resultsOf(benchmark, rounds);
  console.log(
    values.json ? JSON.stringify({ benchmark: benchmark.name, results }) : `${tableOf(benchmark, results)}\n`,
  );
}
