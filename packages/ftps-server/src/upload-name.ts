// The hidden names of uploads under way: each says which process writes it, so that those of dead processes can be cleared.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { STALE_UPLOAD_MS } from './limits.js';

const PREFIX = '.ftps-upload-';

/** What tells a process from all others. Parts that a system does not tell are empty. */
export interface ProcessMark {
  /** Of the machine's name. */
  readonly host: string;
  /** Of the boot of the machine: process numbers begin anew with each. */
  readonly boot: string;
  /** The namespace that the process number belongs to: each container has its own. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process started, in the kernel's words: numbers are used again. */
  readonly started: string;
}

/** What can be known of the processes of this machine; a parameter so that tests can tell of others. */
export interface ProcessView {
  readonly self: ProcessMark;
  /** When this machine booted, ms since the epoch. */
  readonly bootedAtMs: number;
  /** When the process with this number started, undefined where there is none; empty where that cannot be known. */
  startOf(pid: number): string | undefined;
}

/** A new name, of this process, that nobody can guess. */
export function newUploadName({ self }: ProcessView = thisMachine()): string {
  const { host, boot, namespace, pid, started } = self;
  return PREFIX + [host, boot, namespace, pid.toString(36), started, randomBytes(9).toString('hex')].join('.');
}

/** Whether a name is one that uploads under way have. */
export function isUploadName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Whether nobody can be writing the file of this name any more. A process that can be seen from here decides by whether it
 * lives; of one that cannot (of another container, or of another machine on the same disk) only a day without a byte tells.
 * In doubt an upload lives.
 */
export function isDeadUpload(name: string, writtenAtMs: number, nowMs: number, view = thisMachine()): boolean {
  if (!isUploadName(name)) return false;
  const { self } = view;
  const [host, boot, namespace, pid = '', started] = name.slice(PREFIX.length).split('.');
  const isOurMachine = self.boot === '' ? host === self.host : boot === self.boot;
  if (isOurMachine && namespace === self.namespace) {
    const number = Number.parseInt(pid, 36);
    if (number === self.pid && started === self.started) return false;
    const found = view.startOf(number);
    if (found === undefined) return true;
    if (found !== '' && started !== '') return found !== started;
  } else if (host === self.host && boot !== self.boot && writtenAtMs < view.bootedAtMs) {
    // Another boot of this machine: whatever ran then has ended with it.
    return true;
  }
  return nowMs - writtenAtMs > STALE_UPLOAD_MS;
}

let machine: ProcessView | undefined;

/** Does not change while this process lives, so it is looked up once. */
function thisMachine(): ProcessView {
  machine ??= {
    self: {
      host: digest(hostname()),
      boot: digest(attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))),
      namespace: digest(attempt(() => readlinkSync('/proc/self/ns/pid'))),
      pid: process.pid,
      started: startOf(process.pid) ?? '',
    },
    bootedAtMs: Date.now() - uptime() * 1000,
    startOf,
  };
  return machine;
}

function startOf(pid: number): string | undefined {
  // proc(5): the 22nd field of stat, counted behind the program's name, which may hold anything, stands in brackets.
  const line = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const started = line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  if (started !== undefined) return started;
  return isRunning(pid) ? '' : undefined;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function digest(text: string): string {
  return text === '' ? '' : createHash('sha256').update(text).digest('hex').slice(0, 8);
}
