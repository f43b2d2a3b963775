import { posix } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseQuotedPath, quotePath, resolvePath } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

describe('resolvePath', () => {
  it('makes relative paths absolute, and leaves the current directory for absolute ones', () => {
    expect(resolvePath('/a/b', 'c')).to.equal('/a/b/c');
    expect(resolvePath('/a/b', '/c')).to.equal('/c');
    expect(resolvePath('/', 'c')).to.equal('/c');
    expect(resolvePath('/a/b', '')).to.equal('/a/b');
  });

  it('takes out dots, empty components and trailing slashes', () => {
    expect(resolvePath('/a', './b//c/./')).to.equal('/a/b/c');
    expect(resolvePath('/a/b', '../c')).to.equal('/a/c');
    expect(resolvePath('/', '//')).to.equal('/');
  });

  it('never leaves the root', () => {
    expect(resolvePath('/a', '../../../etc/passwd')).to.equal('/etc/passwd');
    expect(resolvePath('/', '..')).to.equal('/');
    expect(resolvePath('/', '/../..')).to.equal('/');
  });

  it('keeps backslashes, tildes, wildcards and spaces as they are', () => {
    expect(resolvePath('/', '..\\..\\a')).to.equal('/..\\..\\a');
    expect(resolvePath('/', '~')).to.equal('/~');
    expect(resolvePath('/', '*?[a]')).to.equal('/*?[a]');
    expect(resolvePath('/', ' a ')).to.equal('/ a ');
    expect(resolvePath('/', '...')).to.equal('/...');
  });

  it('refuses NUL with 501', () => {
    expect(grammarErrorOf(() => resolvePath('/', 'a\0b')).replyCode).to.equal(501);
  });

  it('agrees with POSIX, for any current directory and argument', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '.', '..', '/', '//', ' ', '\\')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(path, path, (current, argument) => {
        expect(resolvePath(`/${current}`, argument)).to.equal(posix.resolve('/', `/${current}`, argument));
      }),
    );
  });
});

describe('the path in a 257 reply', () => {
  it('is quoted, with its quotes doubled (RFC 959 appendix II)', () => {
    expect(quotePath('/usr/dm/foo"bar')).to.equal('"/usr/dm/foo""bar"');
    expect(parseQuotedPath('"/usr/dm/foo""bar" directory created')).to.equal('/usr/dm/foo"bar');
    expect(parseQuotedPath('"/a" is "current"')).to.equal('/a');
    expect(parseQuotedPath('Created "/a b"')).to.equal('/a b');
    expect(parseQuotedPath('""')).to.equal('');
  });

  it('is refused when its quotes do not close', () => {
    for (const text of ['', '/a', '"', '"/a', '"/a""', '/a"']) grammarErrorOf(() => parseQuotedPath(text));
  });

  it('is read back as it was written, whatever stands behind it', () => {
    const text = fc.string({ unit: fc.constantFrom('"', 'a', ' ', '/') });
    fc.assert(
      fc.property(text, text, (path, comment) => {
        expect(parseQuotedPath(`${quotePath(path)} ${comment}`)).to.equal(path);
        unlessGrammarError(() => parseQuotedPath(comment));
      }),
    );
  });
});
