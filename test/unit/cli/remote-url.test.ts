import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/ftps-client';
import { nameOf, parseRemoteUrl } from '../../../bin/src/remote-url.js';

describe('a URL on the command line', () => {
  it('is explicit TLS with ftpes://, with ftp:// and without a scheme, and implicit TLS with ftps://', () => {
    for (const [text, mode] of [
      ['host/a', 'explicit'],
      ['ftp://host/a', 'explicit'],
      ['ftpes://host/a', 'explicit'],
      ['FTPES://host/a', 'explicit'],
      ['ftps://host/a', 'implicit'],
    ] as const) {
      expect(parseRemoteUrl(text), text).to.deep.equal({
        mode,
        host: 'host',
        port: undefined,
        user: undefined,
        password: undefined,
        path: 'a',
        isFolder: false,
      });
    }
  });

  it('keeps a port that is the usual one of another scheme', () => {
    expect(parseRemoteUrl('ftps://host:21/').port).to.equal(21);
    expect(parseRemoteUrl('ftpes://host:990/').port).to.equal(990);
    expect(parseRemoteUrl('host:/').port).to.equal(undefined);
  });

  it('has user and password before the last @ of its authority, percent-encoding taken out', () => {
    for (const [text, user, password] of [
      ['alice@host/', 'alice', undefined],
      ['alice:open@host/', 'alice', 'open'],
      ['alice:a@b@host/', 'alice', 'a@b'],
      ['alice:a#b?c@host/', 'alice', 'a#b?c'],
      ['alice:a%2Fb%20c@host/', 'alice', 'a/b c'],
      ['alice%40home:%C3%BC@host/', 'alice@home', 'ü'],
    ] as const) {
      expect(parseRemoteUrl(text), text).to.include({ host: 'host', user, password, path: '' });
    }
  });

  it('takes names and addresses for a host', () => {
    for (const [text, host] of [
      ['[::1]:2121/a', '::1'],
      ['192.0.2.1/a', '192.0.2.1'],
      ['EXAMPLE.org/a', 'example.org'],
      ['bücher.example/a', 'xn--bcher-kva.example'],
    ] as const) {
      expect(parseRemoteUrl(text).host).to.equal(host);
    }
  });

  it('sends the path as it is written, percent-encoding taken out', () => {
    for (const [written, path] of [
      ['', ''],
      ['/', ''],
      ['/a', 'a'],
      ['//a', '/a'],
      ['/%2Fa', '/a'],
      ['/a/../b', 'a/../b'],
      ['/a\\b', 'a\\b'],
      ['/ a ', ' a '],
      ['/a?b#c', 'a?b#c'],
      ['/50%25', '50%'],
      ['/%E2%98%83☃', '☃☃'],
      ['/user@example:21', 'user@example:21'],
    ] as const) {
      expect(parseRemoteUrl(`host${written}`).path, written).to.equal(path);
    }
  });

  it('names a folder where the path ends in a slash, or is empty', () => {
    for (const text of ['host', 'host/', 'host//', 'host/a/'])
      expect(parseRemoteUrl(text).isFolder, text).to.equal(true);
    for (const text of ['host/a', 'host//a', 'host/a/b']) expect(parseRemoteUrl(text).isFolder, text).to.equal(false);
  });

  it('is refused with a reason where it makes no sense', () => {
    for (const [text, reason] of [
      ['', 'names no host'],
      ['/local/path', 'names no host'],
      ['ftps:///path', 'names no host'],
      ['alice@/path', 'is not a URL'],
      ['host:port/path', 'is not a URL'],
      ['host:65536/path', 'is not a URL'],
      ['ho st/path', 'is not a URL'],
      ['host\\path', 'is not a URL'],
      ['http://host/path', 'no such scheme'],
      ['sftp://host/path', 'no such scheme'],
      ['host/100%', 'a % that begins no percent-encoding'],
      ['host/%ff', 'a % that begins no percent-encoding'],
    ] as const) {
      expect(() => parseRemoteUrl(text), text).to.throw(ConfigError, reason);
    }
  });

  it('never shows its password in an error', () => {
    for (const text of [
      'alice:secret@host:port/',
      'ftps://alice:secret@host:99999/',
      'ftps://alice:sec/ret@host/a',
      'http://alice:secret@host/',
      'alice:secret@host/50%',
      'alice:secret@more@ho st/',
    ]) {
      expect(() => parseRemoteUrl(text), text)
        .to.throw(ConfigError, 'alice:***@')
        .with.property('message')
        .not.match(/sec\/?ret|more/);
    }
  });
});

describe('the name of a remote file', () => {
  it('is what stands behind the last slash', () => {
    expect(nameOf('/a/b.txt')).to.equal('b.txt');
    expect(nameOf('b.txt')).to.equal('b.txt');
  });
});
