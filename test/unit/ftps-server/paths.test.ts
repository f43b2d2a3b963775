import { expect } from 'chai';
import { GrammarError } from '@ftps-kit/ftp-protocol';
import { ServerBinding } from '@ftps-kit/tls-core';
import type { CommandContext } from '../../../packages/ftps-server/src/command-row.js';
import { argumentPath, directoryOf, listingPath, nameOf } from '../../../packages/ftps-server/src/paths.js';
import { Session } from '../../../packages/ftps-server/src/session.js';

function context(argument: string): CommandContext {
  const endpoint = { address: '127.0.0.1', port: 2121 };
  const session = new Session(new ServerBinding(), endpoint, endpoint);
  session.workingDirectory = '/home';
  return { argument, session } as CommandContext;
}

describe('the path that an argument names', () => {
  it('begins at the working directory, or at the root', () => {
    expect(argumentPath(context('a/b'))).to.equal('/home/a/b');
    expect(argumentPath(context('/a/b'))).to.equal('/a/b');
    expect(argumentPath(context(''))).to.equal('/home');
  });

  it('never rises above the root', () => {
    expect(argumentPath(context('../../../etc'))).to.equal('/etc');
    expect(argumentPath(context('/..'))).to.equal('/');
  });

  it('keeps a backslash, a tilde and a wildcard as they are', () => {
    expect(argumentPath(context('..\\..\\x'))).to.equal('/home/..\\..\\x');
    expect(argumentPath(context('~root'))).to.equal('/home/~root');
    expect(argumentPath(context('*'))).to.equal('/home/*');
  });
});

describe('the path that LIST names', () => {
  const paths: readonly (readonly [argument: string, path: string])[] = [
    ['', '/home'],
    ['-la', '/home'],
    ['-a -l', '/home'],
    ['-1', '/home'],
    ['-la folder', '/home/folder'],
    ['-la  /folder', '/folder'],
    ['folder -la', '/home/folder -la'],
    ['-name-with-dashes', '/home/-name-with-dashes'],
    ['folder', '/home/folder'],
  ];
  for (const [argument, path] of paths) {
    it(`is ${path} for ${JSON.stringify(argument)}`, () => {
      expect(listingPath(context(argument))).to.equal(path);
    });
  }

  it('is found in linear time', () => {
    const argument = `${'-a '.repeat(2_700)}!`;
    expect(listingPath(context(argument))).to.equal('/home/!');
  });
});

describe('the parts of a path', () => {
  it('are its directory and its name', () => {
    expect([directoryOf('/a/b/c'), nameOf('/a/b/c')]).to.deep.equal(['/a/b', 'c']);
    expect([directoryOf('/a'), nameOf('/a')]).to.deep.equal(['/', 'a']);
  });

  it('lack a name in the root', () => {
    expect(() => nameOf('/')).to.throw(GrammarError);
  });
});
