// A disk that fails at one kind of call, which no test can have of a real one.
import { fstatSync } from 'node:fs';
import promises, { open, type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

interface Failing extends Disposable {
  /** How often it was asked, and failed. */
  readonly failures: number;
}

/** From here on this call of file handles (`node:fs/promises`) of directories or of files fails with `code`; disposing of it ends that. */
export async function failing(call: 'stat' | 'sync', of: 'directory' | 'file', code = 'EIO'): Promise<Failing> {
  const prototype = await fileHandlePrototype();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, call);
  if (descriptor === undefined) throw new Error(`file handles have no ${call} of their own`);
  const original = descriptor.value as (this: FileHandle) => Promise<unknown>;
  let failures = 0;
  async function fail(this: FileHandle): Promise<unknown> {
    if (fstatSync(this.fd).isDirectory() !== (of === 'directory')) return original.call(this);
    failures += 1;
    throw Object.assign(new Error(`${code}: ${call}`), { code });
  }
  Object.defineProperty(prototype, call, { ...descriptor, value: fail });
  return {
    get failures() {
      return failures;
    },
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, call, descriptor);
    },
  };
}

/** From here on files that are written to fail when they are closed, once each, with `code`; disposing of it ends that. */
export async function failingCloses(code: string): Promise<Failing> {
  const prototype = await fileHandlePrototype();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'write');
  if (descriptor === undefined) throw new Error('file handles have no write of their own');
  const original = descriptor.value as (this: FileHandle, ...args: unknown[]) => Promise<unknown>;
  let failures = 0;
  function write(this: FileHandle, ...args: unknown[]): Promise<unknown> {
    const close = this.close.bind(this);
    // As close(2): whatever it says, the descriptor is free.
    this.close = async () => {
      this.close = close;
      await close();
      failures += 1;
      throw Object.assign(new Error(`${code}: close`), { code });
    };
    return original.apply(this, args);
  }
  Object.defineProperty(prototype, 'write', { ...descriptor, value: write });
  return {
    get failures() {
      return failures;
    },
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, 'write', descriptor);
    },
  };
}

/** From here on no sync of a file handle of directories or of files begins before `letGo`; disposing of it ends that. */
export async function heldSyncs(
  of: 'directory' | 'file',
): Promise<Disposable & { readonly began: Promise<void>; letGo(): void }> {
  const prototype = await fileHandlePrototype();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'sync');
  if (descriptor === undefined) throw new Error('file handles have no sync of their own');
  const original = descriptor.value as (this: FileHandle) => Promise<void>;
  let began: () => void = () => undefined;
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (began = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  async function sync(this: FileHandle): Promise<void> {
    if (fstatSync(this.fd).isDirectory() === (of === 'directory')) {
      began();
      await released;
    }
    await original.call(this);
  }
  Object.defineProperty(prototype, 'sync', { ...descriptor, value: sync });
  const letGo = (): void => {
    Object.defineProperty(prototype, 'sync', descriptor);
    release();
  };
  return { began: asked, letGo, [Symbol.dispose]: letGo };
}

/** What happens to a file between two calls: `meanwhile` is done once, right before the next `stat` of a file's handle. */
export async function beforeNextStat(meanwhile: () => void): Promise<Disposable & { readonly isDone: boolean }> {
  const prototype = await fileHandlePrototype();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'stat');
  if (descriptor === undefined) throw new Error('file handles have no stat of their own');
  const original = descriptor.value as (this: FileHandle, ...args: unknown[]) => Promise<unknown>;
  let isDone = false;
  const restore = (): void => {
    Object.defineProperty(prototype, 'stat', descriptor);
  };
  function stat(this: FileHandle, ...args: unknown[]): Promise<unknown> {
    if (fstatSync(this.fd).isFile()) {
      restore();
      meanwhile();
      isDone = true;
    }
    return original.apply(this, args);
  }
  Object.defineProperty(prototype, 'stat', { ...descriptor, value: stat });
  return {
    get isDone() {
      return isDone;
    },
    [Symbol.dispose]: restore,
  };
}

/**
 * From here on, behind the first `unharmed`, no such call of a file's handle ends, and no close of one on which it is under way,
 * until this is disposed of.
 */
export async function hangingCalls(
  call: 'read' | 'stat' | 'write',
  { unharmed = 0 }: { readonly unharmed?: number } = {},
): Promise<Disposable & { readonly calls: number; readonly began: Promise<void> }> {
  const prototype = await fileHandlePrototype();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, call);
  if (descriptor === undefined) throw new Error(`file handles have no ${call} of their own`);
  const original = descriptor.value as (this: FileHandle, ...args: unknown[]) => Promise<unknown>;
  let begin: () => void = () => undefined;
  let release: () => void = () => undefined;
  const began = new Promise<void>((resolve) => (begin = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  let left = unharmed;
  let calls = 0;
  async function hang(this: FileHandle, ...args: unknown[]): Promise<unknown> {
    left -= 1;
    if (left >= 0) return original.apply(this, args);
    calls += 1;
    begin();
    // As Node's own: it waits for what is under way.
    const close = this.close.bind(this);
    this.close = () => released.then(close);
    await released;
    return original.apply(this, args);
  }
  Object.defineProperty(prototype, call, { ...descriptor, value: hang });
  return {
    began,
    get calls() {
      return calls;
    },
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, call, descriptor);
      release();
    },
  };
}

async function fileHandlePrototype(): Promise<object> {
  const file = await open(import.meta.filename);
  try {
    return Object.getPrototypeOf(file) as object;
  } finally {
    await file.close();
  }
}

/** From here on no `stat` of a path (`node:fs/promises`) ends until this is disposed of. */
export function hangingLookups(): Disposable & { readonly began: Promise<void> } {
  const original = promises.stat;
  let begin: () => void = () => undefined;
  let release: () => void = () => undefined;
  const began = new Promise<void>((resolve) => (begin = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const hang = async (...args: Parameters<typeof original>): Promise<unknown> => {
    begin();
    await released;
    return original(...args);
  };
  Object.assign(promises, { stat: hang });
  // What has imported it by name sees it too.
  syncBuiltinESMExports();
  return {
    began,
    [Symbol.dispose]: () => {
      Object.assign(promises, { stat: original });
      syncBuiltinESMExports();
      release();
    },
  };
}
