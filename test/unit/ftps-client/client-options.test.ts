import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError, FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { parseClientOptions } from '../../../packages/ftps-client/src/client-options.js';
import { rejection } from '../../support/rejection.js';

const host = 'ftp.example';

describe('client options', () => {
  it('have defaults: explicit TLS on port 21, anonymous, and every time limit', () => {
    const options = parseClientOptions({ host });
    expect(options).to.include({ host, port: 21, mode: 'explicit', plain: false, onNotResumed: 'allow' });
    expect(options.credentials.user).to.equal('anonymous');
    expect(options.timeouts).to.include({ replyMs: 30_000, closeMs: 5_000 });
    expect(Object.isFrozen(options)).to.equal(true);
  });

  it('take port 990 where TLS is implicit', () => {
    expect(parseClientOptions({ host, mode: 'implicit' }).port).to.equal(990);
  });

  it('keep what was given, and default the rest', () => {
    const { timeouts } = parseClientOptions({ host, timeouts: { replyMs: 5 } });
    expect(timeouts).to.include({ replyMs: 5, stallMs: 30_000 });
  });

  const wrong: readonly [string, object, string][] = [
    ['an unknown option', { host, pasword: 'x' }, 'pasword: no such option'],
    ['an unknown time limit', { host, timeouts: { idleMs: 1 } }, 'timeouts.idleMs: no such option'],
    ['an unknown TLS option', { host, tls: { version: '1.3' } }, 'tls.version: no such option'],
    ['no host', { host: '' }, 'host'],
    ['a port that is none', { host, port: 70_000 }, 'port'],
    ['a time limit of 0', { host, timeouts: { tlsMs: 0 } }, 'timeouts.tlsMs'],
    ['an unknown mode', { host, mode: 'ssl' }, "'ssl' is not one of explicit, implicit"],
    ['plain FTP with implicit TLS', { host, mode: 'implicit', dangerouslyPlain: true }, 'dangerouslyPlain'],
    ['a user that would end the line', { host, user: 'a\r\nDELE b' }, 'USER cannot be sent'],
    ['a password that would end the line', { host, password: 'a\nb' }, 'PASS cannot be sent'],
    ['an engine that is not there', { host, engine: 'schannel' }, 'schannel'],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuse ${what} before anything is opened`, async () => {
      const error = await rejection(FtpsClient.connect(options as FtpsClientOptions));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes(message);
      expect(inspect(error)).not.to.include('a\nb');
    });
  }

  it('do not show the password', () => {
    const options = parseClientOptions({ host, user: 'alice', password: 'opensesame' });
    expect(inspect(options, { depth: 9, showHidden: true })).not.to.include('opensesame');
    expect(JSON.stringify(options.credentials)).not.to.include('opensesame');
  });
});
