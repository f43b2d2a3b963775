import { expect } from 'chai';
import { ConfigError, selectEngine } from '@ftps-kit/tls-core';
import { DEFAULT_LIMITS, createFtpsServer, fixedAccounts, type FtpsServerOptions } from '@ftps-kit/ftps-server';
import { parseServerOptions } from '../../../packages/ftps-server/src/server-options.js';
import { testCertificates } from '../../support/certificates.js';

/** Options as a program in JavaScript might give them. */
type AnyOptions = Readonly<Record<string, unknown>>;

describe('the options of a server', () => {
  let minimal: FtpsServerOptions;

  before(async () => {
    const { server } = await testCertificates();
    minimal = { tls: { cert: server.certPem, key: server.keyPem }, authenticate: fixedAccounts([]) };
  });

  function parse(more: AnyOptions = {}): ReturnType<typeof parseServerOptions> {
    return parseServerOptions({ ...minimal, ...more });
  }

  it('have safe defaults', () => {
    const settings = parse();
    expect(settings.binding).to.equal('require');
    expect(settings.listen).to.deep.equal([{ host: '127.0.0.1', port: 0, mode: 'explicit', proxied: false }]);
    expect(settings.limits).to.deep.equal(DEFAULT_LIMITS);
    expect(settings.policy.minVersion).to.equal('TLSv1.2');
    expect(settings.policy.maxVersion).to.equal('TLSv1.3');
    expect(settings.passivePorts).to.equal(undefined);
    expect(settings.sameAddress).to.equal(true);
    expect(settings.active).to.equal(undefined);
    expect(settings.publicAddress({ address: '192.0.2.1', port: 1 })).to.equal(undefined);
    expect(settings.greeting).not.to.match(/\d/);
  });

  it('are frozen', () => {
    const settings = parse({ limits: { maxConnections: 5 } });
    expect(Object.isFrozen(settings)).to.equal(true);
    expect(Object.isFrozen(settings.limits)).to.equal(true);
  });

  it('turn active mode on, with any source port or one', () => {
    expect(parse({ active: true }).active).to.deep.equal({ sourcePort: 0 });
    expect(parse({ active: { sourcePort: 20 } }).active).to.deep.equal({ sourcePort: 20 });
    expect(parse({ active: false }).active).to.equal(undefined);
    for (const wrong of [
      { active: 'yes' },
      { active: { sourcePort: -1 } },
      { active: { port: 20 } },
      { sameAddress: 1 },
    ]) {
      expect(() => parse(wrong), JSON.stringify(wrong)).to.throw(ConfigError, /active|sameAddress/);
    }
  });

  it('take one address or several', () => {
    expect(parse({ listen: { port: 2121 } }).listen).to.deep.equal([
      { host: '127.0.0.1', port: 2121, mode: 'explicit', proxied: false },
    ]);
    const both = [{ host: '::1' }, { port: 990, mode: 'implicit' }];
    expect(parse({ listen: both }).listen.map(({ host, mode }) => [host, mode])).to.deep.equal([
      ['::1', 'explicit'],
      ['127.0.0.1', 'implicit'],
    ]);
  });

  it('take an engine by name or as it is', () => {
    const engine = selectEngine('node');
    expect(parse({ engine }).engine).to.equal(engine);
    expect(parse({ engine: 'node' }).engine.name).to.equal('node');
  });

  it('keep the limits that are not named', () => {
    expect(parse({ limits: { maxConnections: 5 } }).limits).to.deep.equal({ ...DEFAULT_LIMITS, maxConnections: 5 });
  });

  it('take rates that no timer could count, and none at all', () => {
    const limits = { uploadBytesPerSecond: 10_000_000_000, downloadBytesPerSecond: Infinity };
    expect(parse({ limits }).limits).to.include(limits);
  });

  it('take a public address that is fixed, or depends on the client', () => {
    const client = { address: '192.0.2.1', port: 1 };
    expect(parse({ publicAddress: '198.51.100.1' }).publicAddress(client)).to.equal('198.51.100.1');
    const byClient = parse({ publicAddress: ({ address }: { address: string }) => address });
    expect(byClient.publicAddress(client)).to.equal('192.0.2.1');
  });

  const wrong: readonly (readonly [what: string, options: AnyOptions, says: RegExp])[] = [
    ['an unknown option', { port: 21 }, /^port: no such option; there are tls, engine, authenticate/],
    ['an unknown option of an address', { listen: { adress: 'x' } }, /^listen\.adress: no such option/],
    ['an unknown limit', { limits: { idle: 5 } }, /^limits\.idle: no such option/],
    ['no function to authenticate', { authenticate: undefined }, /^authenticate: is not a function/],
    ['no address', { listen: [] }, /^listen: is empty/],
    ['a port below 0', { listen: { port: -1 } }, /^listen\.port: -1 is not a port/],
    ['a port above 65535', { listen: { port: 65_536 } }, /^listen\.port: 65536 is not a port/],
    ['a port that is no number', { listen: { port: Number.NaN } }, /^listen\.port: NaN is not a port/],
    ['an unknown mode', { listen: { mode: 'implcit' } }, /^listen\.mode: 'implcit' is not one of explicit, implicit/],
    ['an unknown binding', { binding: 'maybe' }, /^binding: 'maybe' is not one of require, allow, off/],
    ['an unknown engine', { engine: 'gnutls' }, /gnutls/],
    ['an engine that is none', { engine: {} }, /^engine: give auto, node, openssl, or a TlsEngine/],
    ['passive port 0', { passivePorts: [0, 5] }, /^passivePorts: 0 is not a port/],
    ['a passive port above 65535', { passivePorts: [1, 70_000] }, /^passivePorts: 70000 is not a port/],
    ['passive ports the wrong way round', { passivePorts: [6, 5] }, /^passivePorts: 6 is greater than 5/],
    ['a public address of IPv6', { publicAddress: '2001:db8::1' }, /^publicAddress: '2001:db8::1' is not an IPv4/],
    ['a public address that is a name', { publicAddress: 'ftp.example' }, /^publicAddress: 'ftp\.example'/],
    ['a limit of 0', { limits: { idleTimeoutMs: 0 } }, /^limits\.idleTimeoutMs: 0 is not a whole number from 1/],
    ['a proxied address without a proxy', { listen: { proxied: true } }, /^listen\.proxied: needs proxyProtocol/],
    ['no proxy to trust', { proxyProtocol: { trusted: [] } }, /^proxyProtocol\.trusted: name the addresses/],
    ['a proxy by name', { proxyProtocol: { trusted: ['lb'] } }, /^proxyProtocol\.trusted: 'lb' is neither/],
    ['a misspelt trust', { proxyProtocol: { trust: ['::1'] } }, /^proxyProtocol\.trust: no such option/],
    ['a logger that cannot warn', { logger: { info: () => 0 } }, /^logger\.debug: is not a function/],
    ['a rate of 0', { limits: { uploadBytesPerSecond: 0 } }, /^limits\.uploadBytesPerSecond: 0 is not a whole number/],
    ['a limit without end', { limits: { maxConnections: Infinity } }, /^limits\.maxConnections: Infinity/],
    ['half a connection', { limits: { maxConnections: 0.5 } }, /^limits\.maxConnections: 0\.5/],
    ['an address that is a port', { listen: 21 }, /^listen: give an object, not 21/],
    ['a word for a proxied address', { listen: { proxied: 'no' } }, /^listen\.proxied: 'no' is neither true nor false/],
    ['limits that are none', { limits: null }, /^limits: give an object, not null/],
    ['a port for active mode', { active: 20 }, /^active: give an object, not 20/],
    ['a greeting that is no text', { greeting: 220 }, /^greeting: give a string/],
    ['no TLS options', { tls: undefined }, /^tls: give an object, not undefined/],
    ['a time that no timer can wait', { limits: { idleTimeoutMs: 2 ** 31 } }, /^limits\.idleTimeoutMs: 2147483648/],
  ];
  for (const [what, options, says] of wrong) {
    it(`are refused with ${what}, which is named`, () => {
      expect(() => parse(options)).to.throw(ConfigError, says);
    });
  }

  it('are refused with an unknown TLS option, an unknown version, or no certificate', () => {
    expect(() => parse({ tls: { ...minimal.tls, verions: '1.3' } })).to.throw(ConfigError, /^tls\.verions/);
    expect(() => parse({ tls: { ...minimal.tls, versions: '1.1' } })).to.throw(ConfigError, /^tls\.versions: '1\.1'/);
    expect(() => parse({ tls: { identities: [] } })).to.throw(ConfigError, /^tls\.identities/);
  });

  it('are checked before a server is there', () => {
    expect(() => createFtpsServer({ ...minimal, binding: 'maybe' } as unknown as FtpsServerOptions)).to.throw(
      ConfigError,
    );
  });
});
