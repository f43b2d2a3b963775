import { expect } from 'chai';
import { parseNetrc } from '../../../bin/src/netrc.js';

describe('a netrc file', () => {
  it('has an entry a machine, on one line or several', () => {
    const text = 'machine a.example login alice password one\n\nmachine b.example\n\tlogin bob\n\tpassword two\n';
    expect(parseNetrc(text)).to.deep.equal([
      { machine: 'a.example', login: 'alice', password: 'one' },
      { machine: 'b.example', login: 'bob', password: 'two' },
    ]);
  });

  it('has a default entry for all other machines', () => {
    expect(parseNetrc('default login anonymous password me@')).to.deep.equal([
      { machine: undefined, login: 'anonymous', password: 'me@' },
    ]);
  });

  it('may leave out login and password, and name an account that nobody asks for', () => {
    expect(parseNetrc('machine a account x\nmachine b password p')).to.deep.equal([
      { machine: 'a', login: undefined, password: undefined },
      { machine: 'b', login: undefined, password: 'p' },
    ]);
  });

  it('may quote a word, in which a backslash takes the next character as it is', () => {
    expect(parseNetrc('machine a login "al ice" password "a\\"b\\\\c # d"')).to.deep.equal([
      { machine: 'a', login: 'al ice', password: 'a"b\\c # d' },
    ]);
  });

  it('may have comments on lines of their own, and passwords with a # in them', () => {
    const text = '# machine x login y password z\nmachine a login b password c#d\n  # more\n';
    expect(parseNetrc(text)).to.deep.equal([{ machine: 'a', login: 'b', password: 'c#d' }]);
  });

  it('may define macros, which are passed over up to their empty line', () => {
    const text = 'machine a login b password c\nmacdef init\ncd /machine\nmachine x\n\nmachine d login e password f\n';
    expect(parseNetrc(text).map(({ machine }) => machine)).to.deep.equal(['a', 'd']);
  });

  it('is empty where nothing in it makes sense', () => {
    expect(parseNetrc('')).to.deep.equal([]);
    expect(parseNetrc('login alice password p')).to.deep.equal([]);
  });
});
