// Runs the benchmarks named as arguments, or all: `npm run bench -- [--json] [--rounds N] [NAME…]`.
import { parseArgs } from 'node:util';
import { resultsOf, tableOf, type Benchmark } from './benchmark.js';
import { serverSessions } from './server-sessions.js';
import { serverTransfer } from './server-transfer.js';
import { tlsHandshakes } from './tls-handshakes.js';
import { tlsThroughput } from './tls-throughput.js';

const benchmarks: readonly Benchmark[] = [tlsThroughput, tlsHandshakes, serverTransfer, serverSessions];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`usage: npm run bench -- [--json] [--rounds N] [${benchmarks.map(({ name }) => name).join('|')}]…`);
  process.exit(1);
}
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  const results = await resultsOf(benchmark, rounds);
  console.log(
    values.json ? JSON.stringify({ benchmark: benchmark.name, results }) : `${tableOf(benchmark, results)}\n`,
  );
}
