// Asks the server for the hash of a file: HASH (draft-bryan-ftpext-hash), or the X commands that came before it.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { MAX_TIMER_MS } from '@ftps-kit/tls-core/internal';
import type { ControlConnection } from '../control/control-connection.js';
import { outgoing, outgoingPath, type OutgoingCommand } from '../control/outgoing-command.js';
import { ProtocolError, isNegative, refused, replyText } from '../errors.js';
import { HASH_ALGORITHMS, HASH_DIGITS, hashAlgorithm, type HashAlgorithm } from '../files/hash-algorithm.js';
import { REMOTE_HASH_BYTES_PER_SECOND } from '../limits.js';
import type { Features } from '../login/features.js';
import type { LoginContext } from '../login/login-context.js';
import { withRange } from './remote-range.js';

/** A way to ask for a hash. */
export interface HashCommand {
  readonly verb: string;
  readonly algorithm: HashAlgorithm;
}

/** In no RFC. Each names its algorithm; the best come first. */
const X_COMMANDS: readonly HashCommand[] = [
  { verb: 'XSHA256', algorithm: 'SHA-256' },
  { verb: 'XSHA512', algorithm: 'SHA-512' },
  { verb: 'XSHA1', algorithm: 'SHA-1' },
  { verb: 'XMD5', algorithm: 'MD5' },
  { verb: 'XCRC', algorithm: 'CRC32' },
];

/** Which algorithm HASH takes on a control connection now, where that is known: OPTS HASH changes it. */
const selected = new WeakMap<ControlConnection, HashAlgorithm>();

/** All ways to ask that the server has, the best first. */
export function hashCommandsOf(features: Features): readonly HashCommand[] {
  const offered = offeredAlgorithms(features);
  const byHash = HASH_ALGORITHMS.filter((name) => offered.some(({ algorithm }) => algorithm === name));
  return [
    ...byHash.map((algorithm) => ({ verb: 'HASH', algorithm })),
    ...X_COMMANDS.filter(({ verb }) => features.has(verb)),
  ];
}

/** The best way to ask that the server has; undefined where it has none. */
export function hashCommandOf(features: Features): HashCommand | undefined {
  return hashCommandsOf(features)[0];
}

/** The file that is asked about; by its size the time for the reply is measured. */
export interface HashedFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * The hash that the server takes of its file now, in lower-case hexadecimal; undefined where it refuses, or answers with
 * something else than that.
 */
export async function remoteHash(
  context: LoginContext,
  command: HashCommand,
  file: HashedFile,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return (await hashAnswer(context, command, file, signal)).value;
}

/** As `remoteHash`, but rejects with `ReplyError` where the server refuses, and with `ProtocolError` for another answer. */
export async function demandRemoteHash(
  context: LoginContext,
  command: HashCommand,
  file: HashedFile,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { value, request, reply } = await hashAnswer(context, command, file, signal);
  if (value !== undefined) return value;
  if (isNegative(reply)) throw refused(request, reply);
  throw new ProtocolError(
    `the reply to ${request.verb} holds no ${command.algorithm} of the whole file: ${replyText(reply)}`,
  );
}

interface HashAnswer {
  readonly value: string | undefined;
  /** The last command that was sent for it, and the reply. */
  readonly request: OutgoingCommand;
  readonly reply: Reply;
}

async function hashAnswer(
  context: LoginContext,
  command: HashCommand,
  file: HashedFile,
  signal: AbortSignal | undefined,
): Promise<HashAnswer> {
  const { verb, algorithm } = command;
  const refusal = await select(context, command, signal);
  if (refusal !== undefined) return { value: undefined, request: selection(algorithm), reply: refusal };
  const request = hashRequest(verb, file.path);
  const reply = await ask(context, request, file.bytes, signal);
  if (isNegative(reply)) return { value: undefined, request, reply };
  const value = verb === 'HASH' ? wholeHashIn(reply, algorithm, file) : bareHashIn(reply, algorithm);
  return { value, request, reply };
}

/** A server may still have a range in mind; a file may have grown meanwhile. */
function wholeHashIn(reply: Reply, algorithm: HashAlgorithm, { bytes }: HashedFile): string | undefined {
  const found = hashIn(reply, algorithm);
  return found?.start === 0 && found.end >= bytes - 1 ? found.value : undefined;
}

/** The hash of the file's first `bytes` bytes, of which there must be one; undefined where that cannot be had. */
export async function remotePrefixHash(
  context: LoginContext,
  command: HashCommand,
  { path, bytes }: { readonly path: string; readonly bytes: number },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (command.verb !== 'HASH' || !context.features.has('RANG')) return undefined;
  if ((await select(context, command, signal)) !== undefined) return undefined;
  const last = bytes - 1;
  const hash = outgoingPath('HASH', path);
  const reply = await withRange(context, { first: 0, last }, signal, () => ask(context, hash, bytes, signal));
  const found = reply === undefined || isNegative(reply) ? undefined : hashIn(reply, command.algorithm);
  // A server that forgot the range would have hashed the whole file.
  return found?.start === 0 && (found.end === last || found.end === bytes) ? found.value : undefined;
}

interface Offer {
  readonly algorithm: HashAlgorithm;
  readonly isSelected: boolean;
}

/** draft-bryan-ftpext-hash §3: `HASH SHA-256*;SHA-512;SHA-1`; the star stands behind the one that is selected. */
function offeredAlgorithms(features: Features): readonly Offer[] {
  return (features.get('HASH') ?? '').split(';').flatMap((entry) => {
    const name = entry.trim();
    const algorithm = hashAlgorithm(name.replace(/\*$/, ''));
    return algorithm === undefined ? [] : [{ algorithm, isSelected: name.endsWith('*') }];
  });
}

/** Gives the reply that refused it; undefined where HASH takes that algorithm now. */
async function select(
  context: LoginContext,
  { verb, algorithm }: HashCommand,
  signal: AbortSignal | undefined,
): Promise<Reply | undefined> {
  const { control, features } = context;
  if (verb !== 'HASH') return undefined;
  const before = selected.get(control) ?? offeredAlgorithms(features).find((offer) => offer.isSelected)?.algorithm;
  if (before === algorithm) return undefined;
  const reply = await ask(context, selection(algorithm), 0, signal);
  if (isNegative(reply)) return reply;
  selected.set(control, algorithm);
  return undefined;
}

function selection(algorithm: HashAlgorithm): OutgoingCommand {
  return outgoing('OPTS', `HASH ${algorithm}`);
}

/** The X commands take quotes around a path with spaces; without them what stands behind is taken for a range. */
function hashRequest(verb: string, path: string): OutgoingCommand {
  return outgoingPath(verb, path, { isQuoted: verb !== 'HASH' && path.includes(' ') });
}

function ask(
  { control, timeouts }: LoginContext,
  command: OutgoingCommand,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  // A server reads the whole file before it answers.
  const readingMs = Math.ceil((bytes / REMOTE_HASH_BYTES_PER_SECOND) * 1000);
  return control.run(command, { timeoutMs: Math.min(timeouts.replyMs + readingMs, MAX_TIMER_MS), signal });
}

/**
 * draft-bryan-ftpext-hash §3.1: `213 SHA-256 0-49 6f2c…  path`. ProFTPD has a line before that one, and its end is the
 * byte behind the last.
 */
function hashIn(
  reply: Reply,
  algorithm: HashAlgorithm,
): { readonly start: number; readonly end: number; readonly value: string } | undefined {
  for (const line of reply.lines) {
    const [, name, start, end, value] = /^\s*([\w-]+) (\d+)-(\d+) ([0-9a-fA-F]+)(?:\s|$)/.exec(line) ?? [];
    if (name === undefined || value === undefined || hashAlgorithm(name) !== algorithm) continue;
    return { start: Number(start), end: Number(end), value: normalized(value, algorithm) };
  }
  return undefined;
}

/** Some servers say the value alone, some behind the path; it is the last word that has the right form. */
function bareHashIn(reply: Reply, algorithm: HashAlgorithm): string | undefined {
  const digits = HASH_DIGITS[algorithm];
  // Leading zeros of a CRC are left out by some.
  const isValue = (word: string): boolean =>
    /^[0-9a-fA-F]+$/.test(word) && (algorithm === 'CRC32' ? word.length <= digits : word.length === digits);
  const value = reply.lines.join(' ').trim().split(/\s+/).findLast(isValue);
  return value === undefined ? undefined : normalized(value, algorithm);
}

function normalized(value: string, algorithm: HashAlgorithm): string {
  return value.toLowerCase().padStart(HASH_DIGITS[algorithm], '0');
}
