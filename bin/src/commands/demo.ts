// `ftps demo`: the main job on loopback, and a table of what was proved.
import { selectEngine } from '@ftps-kit/tls-core';
import type { ChalkInstance } from 'chalk';
import type { CommandModule } from 'yargs';
import { demonstrate, type Demonstration, type Proof } from '../demo/proofs.js';
import { ExitCode } from '../exit-codes.js';
import { engineChoice, outputFlags, tlsVersions } from '../flags.js';
import { formatBytes, formatTable } from '../format.js';
import type { ReportFlags } from '../report.js';
import { runCommand, type CommandTools } from './command.js';

interface DemoArguments extends ReportFlags {
  readonly engine: string;
  readonly pin?: string | undefined;
}

export const demoCommand: CommandModule<object, DemoArguments> = {
  command: 'demo',
  describe: 'move files both ways on this machine, and show the proofs',
  builder: (yargs) => yargs.options(outputFlags),
  handler: (flags) => runCommand(flags, (tools) => demo(flags, tools)),
};

async function demo(flags: DemoArguments, { report, signal }: CommandTools): Promise<void> {
  const engine = selectEngine(engineChoice(flags.engine));
  const shown = await demonstrate(engine, tlsVersions(flags.pin ?? '1.3'), signal);
  report.say({ event: 'demonstration', ...forPrograms(shown) }, forPeople(shown, report.colours).join('\n'));
  if (!holds(shown)) {
    report.warn('not everything was proved: see the table');
    process.exitCode = ExitCode.VerificationFailed;
  }
}

/** Every data connection resumed and bound, every file intact, the stolen ticket refused. */
function holds({ proofs, theft }: Demonstration): boolean {
  const moved = proofs.filter(({ verdict }) => verdict !== undefined);
  return theft.refused && moved.every(({ client, verdict, intact }) => client.resumed && verdict === 'bound' && intact);
}

function forPeople({ engine, address, proofs, theft }: Demonstration, colours: ChalkInstance): readonly string[] {
  const [head = '', ...rows] = formatTable([
    ['connection', 'size', 'rate', 'protocol', 'cipher suite', 'resumed', 'bound', 'SHA-256'],
    ...proofs.map(rowOf),
  ]);
  const refusal = theft.refused
    ? `${colours.green('refused')} with ${theft.reply} (server's verdict: ${theft.verdict ?? 'none'}), and the login lived on`
    : colours.red(`NOT refused: ${theft.reply}`);
  return [
    `server on ${address}, engine ${engine}`,
    '',
    colours.bold(head),
    ...rows,
    '',
    `a data connection with another login's ticket: ${refusal}`,
  ];
}

function rowOf({ connection, bytes, durationMs, client, verdict, intact }: Proof): readonly string[] {
  const isData = verdict !== undefined;
  return [
    connection,
    isData ? formatBytes(bytes) : '',
    isData ? `${formatBytes((bytes * 1000) / Math.max(durationMs, 1))}/s` : '',
    client.protocol,
    client.cipherSuite,
    isData ? (client.resumed ? `yes, ${client.ticketSource ?? ''} ticket` : 'NO') : 'full handshake',
    isData ? (verdict === 'bound' ? 'yes' : `NO: ${verdict}`) : '',
    intact === undefined ? '' : intact ? 'the same' : 'DIFFERENT',
  ];
}

function forPrograms({ engine, address, proofs, theft }: Demonstration): Record<string, unknown> {
  return {
    engine,
    address,
    theft,
    connections: proofs.map(({ connection, bytes, durationMs, client, verdict, intact }) => ({
      connection,
      bytes,
      durationMs: Math.round(durationMs),
      protocol: client.protocol,
      cipherSuite: client.cipherSuite,
      resumed: client.resumed,
      verdict,
      intact,
    })),
  };
}
