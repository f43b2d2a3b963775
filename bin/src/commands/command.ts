// How a command is run: with a report, a signal, and its error turned into an exit code.
import { interruption } from '../interruption.js';
import { Report, type ReportFlags } from '../report.js';

/** What every command gets besides its own arguments. */
export interface CommandTools {
  readonly report: Report;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs `work`; sets the process's exit code. Never rejects. */
export async function runCommand(flags: ReportFlags, work: (tools: CommandTools) => Promise<void>): Promise<void> {
  const report = new Report(flags);
  try {
    await work({ report, signal: interruption() });
  } catch (error) {
    process.exitCode = report.fail(error);
  }
}
