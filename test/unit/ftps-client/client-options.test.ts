import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError, FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { parseClientOptions } from '../../../packages/ftps-client/src/client-options.js';
import { rejection } from '../../support/rejection.js';
import { withScriptedClient } from '../../support/scripted-client.js';

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
    ['a user who has no name', { host, user: '' }, 'user: is empty'],
    ['a password that is a function', { host, password: () => 'x' }, 'password: give a string'],
    ['time limits that are a number', { host, timeouts: 5_000 }, 'timeouts: give an object, not 5000'],
    ['a flag that is a word', { host, reconnect: 'yes' }, "reconnect: 'yes' is neither true nor false"],
    ['a signal that is none', { host, signal: {} }, 'signal: give an AbortSignal'],
    ['a memory that is none', { host, memory: {} }, 'memory: give a ServerMemory'],
    ['an identity that is not checked', { host, tls: { identity: { cert: '', key: '' } } }, 'new ServerIdentity'],
    ['pins that are no list', { host, tls: { pins: 'AA:BB' } }, 'tls.pins: give a list'],
    ['algorithms that are no list', { host, tls: { groups: 'P-256' } }, 'tls.groups: give a list'],
    ['a protocol that is no text', { host, tls: { alpn: [21] } }, 'tls.alpn: give a list of strings'],
    ['a name that is none', { host, tls: { serverName: ['a'] } }, 'tls.serverName: give a string'],
    ['a word for the bundled roots', { host, tls: { bundledRoots: 'no' } }, "tls.bundledRoots: 'no' is neither"],
    ['a root that is a Buffer', { host, tls: { ca: Buffer.from('x') } }, 'tls.ca: this is not PEM text'],
    ['a root that is no text', { host, tls: { ca: [1] } }, 'tls.ca: this is not PEM text'],
    [
      'a word to take any certificate',
      { host, tls: { dangerouslyAcceptAnyCertificate: 'no' } },
      "'no' is neither true nor false",
    ],
    ['no options at all', undefined as never, 'give an object'],
    ['an engine that is not there', { host, engine: 'schannel' }, 'schannel'],
    ['an engine that is none', { host, engine: {} }, 'engine: give auto, node, openssl, or a TlsEngine'],
    ['no engine at all', { host, engine: null }, 'engine: give auto, node, openssl, or a TlsEngine'],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuse ${what} before anything is opened`, async () => {
      const error = await rejection(FtpsClient.connect(options as FtpsClientOptions));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes(message);
      expect(inspect(error)).not.to.include('a\nb');
    });
  }

  it('of calls, and their arguments, are refused where they are of another type, and nothing is sent', async () => {
    await withScriptedClient({ script: (peer) => peer.on('QUIT', '221 bye') }, async (client) => {
      const wrongly = client as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
      const calls: readonly [string, ...unknown[]][] = [
        ['stat', undefined],
        ['size', 5],
        ['stat', 'a', null],
        ['pwd', { signal: {} }],
        ['hash', 'a', null],
        ['hash', 'a', { algorithm: 5 }],
        ['raw', 5],
        ['raw', 'NOOP', 5],
        ['mkdir', 'a', null],
        ['mkdir', 'a', { recursive: 'false' }],
        ['removeDirectory', 'a', { recursive: 'false' }],
        ['removeDirectory', 'a', { recursiv: true }],
        ['download', 'a', 'b', { signal: {} }],
        ['download', 'a', Buffer.alloc(3)],
        ['download', 'a', {}],
        ['download', 'a', 'b', { durable: 'yes' }],
        ['download', 'a', 'b', null],
        ['download', 'a', 'b', { onProgress: 'yes' }],
        ['download', 'a', 'b', { retry: { wait: 5 } }],
        ['upload', Buffer.alloc(3), 'a', { modifiedAt: '2026-01-01' }],
        ['upload', {}, 'a'],
        ['upload', Buffer.alloc(3), 'a', { atomic: 1 }],
      ];
      for (const [name, ...given] of calls) {
        const error = await rejection(Promise.resolve().then(() => wrongly[name]?.(...given)));
        expect(error, `${name} ${inspect(given)}`).to.be.instanceOf(ConfigError);
      }
    });
  });

  it('do not show the password', () => {
    const options = parseClientOptions({ host, user: 'alice', password: 'opensesame' });
    expect(inspect(options, { depth: 9, showHidden: true })).not.to.include('opensesame');
    expect(JSON.stringify(options.credentials)).not.to.include('opensesame');
  });
});
