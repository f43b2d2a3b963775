// What the client publishes on node:diagnostics_channel: the dialogue on its control connections.
import diagnosticsChannel from 'node:diagnostics_channel';
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { Announce } from './client-events.js';

/** One line of the dialogue. The arguments of PASS and ACCT are never in it. */
export type ControlMessage =
  { readonly kind: 'command'; readonly line: string } | { readonly kind: 'reply'; readonly reply: Reply };

/** Name of the channel that gets a `ControlMessage` for each command sent and each reply received. */
export const CONTROL_CHANNEL = 'ftps-kit:client:control';

const dialogue = diagnosticsChannel.channel(CONTROL_CHANNEL);

/** Tells the channel and the client's own listeners. */
export function publishControl(message: ControlMessage, announce: Announce): void {
  if (dialogue.hasSubscribers) dialogue.publish(message);
  if (message.kind === 'command') announce('command', { line: message.line });
  else announce('reply', message.reply);
}
