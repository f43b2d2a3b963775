// What the client said and heard on its control connections, as it tells itself on its diagnostics channel.
import diagnosticsChannel from 'node:diagnostics_channel';
import { CONTROL_CHANNEL, type ControlMessage } from '@ftps-kit/ftps-client';

/** The dialogue while `work` runs: commands as lines, replies as their codes. */
export async function dialogueOf(work: () => Promise<void>): Promise<readonly string[]> {
  const dialogue: string[] = [];
  const keep = (published: unknown): void => {
    const message = published as ControlMessage;
    dialogue.push(message.kind === 'command' ? message.line : String(message.reply.code));
  };
  diagnosticsChannel.subscribe(CONTROL_CHANNEL, keep);
  try {
    await work();
  } finally {
    diagnosticsChannel.unsubscribe(CONTROL_CHANNEL, keep);
  }
  return dialogue;
}

/** The commands that were sent before the reply to the one before them had come. */
export function unwaitedCommands(dialogue: readonly string[]): readonly string[] {
  return dialogue.filter((line, index) => !isReply(line) && index > 0 && !isReply(dialogue[index - 1] ?? ''));
}

function isReply(line: string): boolean {
  return /^[1-5][0-9]{2}$/.test(line);
}
