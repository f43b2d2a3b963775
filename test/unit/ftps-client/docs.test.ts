// docs/client.md has to name everything that a caller meets: read from the code, so that neither forgets the other.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as client from '@ftps-kit/ftps-client';
import { parseClientOptions } from '../../../packages/ftps-client/src/client-options.js';
import { parseDownloadOptions, parseUploadOptions } from '../../../packages/ftps-client/src/files/transfer-options.js';
import { DEFAULT_POOL, DEFAULT_TIMEOUTS } from '../../../packages/ftps-client/src/limits.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/client.md'), 'utf8');
/** What stands in backticks, options within objects and calls with their arguments too. */
const named = new Set(page.match(/[A-Za-z_$][\w$]*/g));

/** The options that a parser knows, by its own complaint about one that it does not. */
function optionsOf(parse: (options: never) => unknown): readonly string[] {
  try {
    parse({ host: 'localhost', nonsense: 1 } as never);
  } catch (error) {
    const [, list] = /there are (.*)$/.exec(String(error)) ?? [];
    if (list !== undefined) return list.split(', ');
  }
  throw new Error('the parser takes anything');
}

const methodsOf = (prototype: object): readonly string[] =>
  Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');

const unnamed = (names: Iterable<string>): readonly string[] => [...names].filter((name) => !named.has(name));

/** Nobody meets an error of these classes. */
const BASES = ['FtpsError', 'TlsError'];

describe('the page about the client', () => {
  it('names every option of connect, of transfers and of pools', () => {
    for (const parse of [parseClientOptions, parseDownloadOptions, parseUploadOptions]) {
      expect(unnamed(optionsOf(parse))).to.deep.equal([]);
    }
    expect(unnamed([...Object.keys(DEFAULT_TIMEOUTS), ...Object.keys(DEFAULT_POOL)])).to.deep.equal([]);
  });

  it('names every call of a client and of a pool', () => {
    expect(unnamed(methodsOf(client.FtpsClient.prototype))).to.deep.equal([]);
    expect(unnamed(methodsOf(client.FtpsPool.prototype))).to.deep.equal([]);
  });

  it('names every error, with its code', () => {
    const errors = Object.keys(client).filter((name) => name.endsWith('Error') && !BASES.includes(name));
    expect(errors).to.have.length.above(15);
    expect(unnamed(errors)).to.deep.equal([]);
    const codes = readErrorCodes();
    expect(codes).to.have.length.above(15);
    expect(unnamed(codes)).to.deep.equal([]);
  });
});

/** As the sources have them: a code is a field of each object, and there is no object here. */
function readErrorCodes(): readonly string[] {
  const sources = ['ftps-client/src/errors.ts', 'ftps-client/src/local/local-name.ts', 'tls-core/src/errors.ts'];
  return sources.flatMap((path) => {
    const text = readFileSync(join(import.meta.dirname, '../../../packages', path), 'utf8');
    return [...text.matchAll(/'(FTPS_ERR_\w+)'/g)].map(([, code = '']) => code);
  });
}
