// MFF (draft-somers-ftp-mfxx §5): sets several facts of a file at once.
import { GrammarError, ReplyCode, parseMlsxLine, parseTime } from '@ftps-kit/ftp-protocol';
import { capability, hasCapability } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import type { FileStat } from '../file-system.js';
import { createdFact, modeFact, modifiedFact, parseMode } from '../modify-facts.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

/** One fact that can be set: how, and how the reply tells it. */
interface Setting {
  readonly set: () => Promise<unknown>;
  readonly tell: (stat: FileStat) => string;
}

export async function mff(context: CommandContext): Promise<Outcome> {
  const { facts, name } = parseMlsxLine(context.argument);
  if (facts.size === 0 || name === '') throw new GrammarError('facts, a space and a path are needed');
  const path = argumentPath({ ...context, argument: name });
  const settings: Setting[] = [];
  for (const [fact, value] of facts) {
    const setting = settingOf(context, path, fact, value);
    // Nothing is set where not all can be.
    if (setting === undefined) return outcome(ReplyCode.ParameterNotImplemented, `The fact ${fact} cannot be set.`);
    settings.push(setting);
  }
  const { fileSystem } = context.session.account;
  await fileSystem.stat(path);
  for (const { set } of settings) await set();
  const stat = await fileSystem.stat(path);
  return outcome(ReplyCode.FileStatus, `${settings.map(({ tell }) => tell(stat)).join('')} ${name}`);
}

/** §5.2: the facts that can be set, for FEAT. */
export function mffFeature({ session }: CommandContext): string {
  const facts = ['Modify'];
  if (hasCapability(session, 'setCreated')) facts.push('Create');
  if (hasCapability(session, 'setMode')) facts.push('UNIX.mode');
  return `MFF ${facts.join(';')};`;
}

/** Undefined for a fact that cannot be set here. Throws `GrammarError` (501) for a value that it cannot have. */
function settingOf(
  { session, server }: CommandContext,
  path: string,
  fact: string,
  value: string,
): Setting | undefined {
  switch (fact) {
    case 'modify': {
      const time = parseTime(value);
      return { set: () => server.hashing.setModified(session.account.fileSystem, path, time), tell: modifiedFact };
    }
    case 'create': {
      const [setCreated, time] = [capability(session, 'setCreated'), parseTime(value)];
      return setCreated && { set: () => setCreated(path, time), tell: createdFact };
    }
    case 'unix.mode': {
      const [setMode, mode] = [capability(session, 'setMode'), parseMode(value)];
      const { fileSystem } = session.account;
      return (
        setMode && { set: () => server.hashing.keeping(fileSystem, path, () => setMode(path, mode)), tell: modeFact }
      );
    }
    default:
      return undefined;
  }
}
