// A password asked for on the terminal, which does not show what is typed.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AbortedError } from '@ftps-kit/ftps-client';

/** Asks on standard error. Rejects with `AbortedError` at Ctrl-C and Ctrl-D. */
export async function askPassword(prompt: string): Promise<string> {
  // It switches the terminal's own echo off, and its echo goes nowhere.
  const terminal = createInterface({ input: process.stdin, output: nowhere(), terminal: true });
  process.stderr.write(prompt);
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('close', () => {
        reject(new AbortedError('no password was given'));
      });
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

function nowhere(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}
