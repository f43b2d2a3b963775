// What the server says it can do, and what is switched on because of it (RFC 2389, RFC 2640).
import { parseFeatures } from '@ftps-kit/ftp-protocol';
import type { ControlConnection, ReplyDeadline } from './control-connection.js';
import { outgoing } from './outgoing-command.js';

/** By label in upper case, with their parameters; empty where the server does not know FEAT. */
export type Features = ReadonlyMap<string, string>;

/** Asks for the features and switches UTF-8 on where the server has it. */
export async function negotiateFeatures(control: ControlConnection, deadline: ReplyDeadline): Promise<Features> {
  const features = parseFeatures(await control.run(outgoing('FEAT'), deadline));
  // RFC 2640 §3.2: UTF-8 is what both sides speak when the server lists it. Some want to be told; a refusal is no matter.
  if (features.has('UTF8')) await control.run(outgoing('OPTS', 'UTF8 ON'), deadline);
  return features;
}

/** RFC 3659 §7.8: a server that lists MLST has MLSD too; there is no feature line for MLSD, though some send one. */
export function hasMachineListing(features: Features): boolean {
  return features.has('MLST') || features.has('MLSD');
}

/** RFC 3659 §4.3. */
export function hasSize(features: Features): boolean {
  return features.has('SIZE');
}
