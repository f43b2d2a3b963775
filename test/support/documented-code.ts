// The code in the documentation, run as a reader runs it: copied into a folder that has the packages installed.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runProgram, type ProgramOutput, type RunOptions } from './peers/run-program.js';
import { startProgram, type RunningProgram } from './peers/running-program.js';
import { answers } from './ports.js';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** The fenced blocks of a page in this language, in their order. */
export async function documentedCode(page: string, language: 'ts' | 'sh' | 'text'): Promise<readonly string[]> {
  const text = await readFile(join(repository, page), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return blocks.filter(([, found]) => found === language).map(([, , code = '']) => code);
}

/**
 * What a reader of the pages has to replace too, and nothing besides: words as they stand there, and what they become. Each
 * must occur in what is run, or the pages have moved on.
 */
export type Replacements = Readonly<Record<string, string>>;

/** Throws where one of the words does not occur. */
export function replaced(code: string, replacements: Replacements): string {
  let text = code;
  for (const [word, by] of Object.entries(replacements)) {
    if (!text.includes(word)) throw new Error(`the documentation does not say ${word} there: ${code}`);
    text = text.replaceAll(word, by);
  }
  return text;
}

/** A reader's folder: with the packages, a README.md, and a home of its own. */
export class ReadersFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ReadersFolder> {
    const path = await mkdtemp(join(tmpdir(), 'ftps-kit-reader-'));
    await symlink(join(repository, 'node_modules'), join(path, 'node_modules'), 'junction');
    await cp(join(repository, 'README.md'), join(path, 'README.md'));
    await writeFile(join(path, 'package.json'), '{ "type": "module" }');
    return new ReadersFolder(path);
  }

  /** Runs TypeScript as a program of its own. */
  async runTypeScript(code: string): Promise<ProgramOutput> {
    const { file, options } = await this.#program(code);
    return runProgram(process.execPath, ['--import', 'tsx', file], options);
  }

  /** Starts TypeScript that serves on this port of 127.0.0.1, and waits until it does. */
  async serveTypeScript(code: string, port: number): Promise<RunningProgram> {
    const { file } = await this.#program(code);
    const program = startProgram(process.execPath, ['--import', 'tsx', file], this.path);
    const isOver = program.ended.then(() => true);
    // It says nothing when it begins to listen.
    while (!(await answers(port))) {
      const hasEnded = await Promise.race([isOver, delay(10, false)]);
      if (hasEnded) throw new Error(`the program ended before it listened:\n${program.output()}`);
    }
    return program;
  }

  /** Runs a line of a shell; `ftps` stands for the command that was built. */
  runShell(line: string, env: NodeJS.ProcessEnv = {}): Promise<ProgramOutput> {
    return runProgram('sh', ['-euc', line], this.#options(env));
  }

  startShell(line: string): RunningProgram {
    return startProgram('sh', ['-euc', line], this.path);
  }

  async #program(code: string): Promise<{ readonly file: string; readonly options: RunOptions }> {
    const file = join(this.path, 'program.ts');
    await writeFile(file, code);
    return { file, options: this.#options({}) };
  }

  #options(env: NodeJS.ProcessEnv): RunOptions {
    return { cwd: this.path, env: { HOME: this.path, ...env }, timeoutMs: 30_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** How a shell's line runs the command of this repository. */
export const ftpsInShell = `'${process.execPath}' '${join(repository, 'bin/ftps.mjs')}'`;
