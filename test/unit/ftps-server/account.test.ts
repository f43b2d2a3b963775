import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/tls-core';
import { LocalFileSystem, type Account } from '@ftps-kit/ftps-server';
import { parseAccount } from '../../../packages/ftps-server/src/account.js';
import { AddressList } from '../../../packages/ftps-server/src/address-list.js';
import { permFact, requirePermission } from '../../../packages/ftps-server/src/permissions.js';

const fileSystem = new LocalFileSystem('/nowhere');

/** As somebody writes it who has no compiler: any field may hold anything. */
function parsed(fields: Readonly<Record<string, unknown>>): ReturnType<typeof parseAccount> {
  const account: Account = { name: 'alice', fileSystem, ...fields };
  return parseAccount(account);
}

describe('an account', () => {
  it('may do everything, from everywhere, without bounds, and begins at the root, unless it says otherwise', () => {
    const { name, permissions, ...rest } = parsed({});
    expect(name).to.equal('alice');
    expect([...permissions]).to.deep.equal(['read', 'write', 'delete', 'rename', 'list', 'makeDirectories']);
    expect(rest).to.deep.equal({
      fileSystem,
      quotaBytes: undefined,
      rates: {},
      allowedAddresses: undefined,
      clientCertificate: false,
      maxSessions: undefined,
      homeDirectory: '/',
      revoked: undefined,
    });
  });

  it('that is read-only may read and list, and no more than it was given', () => {
    expect([...parsed({ readOnly: true }).permissions]).to.deep.equal(['read', 'list']);
    expect([...parsed({ readOnly: true, permissions: ['write', 'list'] }).permissions]).to.deep.equal(['list']);
  });

  it('has a root opened by whoever keeps file systems', () => {
    const { fileSystem: opened } = parseAccount({ name: 'alice', root: '/srv/alice' }, (root) => {
      expect(root).to.equal('/srv/alice');
      return fileSystem;
    });
    expect(opened).to.equal(fileSystem);
  });

  it('keeps a home in its normal form, and fingerprints in upper case', () => {
    expect(parsed({ homeDirectory: '/a//b/../c/' }).homeDirectory).to.equal('/a/c');
    const fingerprint = Array.from({ length: 32 }, () => 'ab').join(':');
    expect(parsed({ clientCertificate: [fingerprint] }).clientCertificate).to.deep.equal(
      new Set([fingerprint.toUpperCase()]),
    );
  });

  it('is frozen', () => {
    expect(Object.isFrozen(parsed({}))).to.equal(true);
    expect(Object.isFrozen(parsed({ rates: { uploadBytesPerSecond: 1 } }).rates)).to.equal(true);
  });

  const wrong: readonly (readonly [fields: Readonly<Record<string, unknown>>, message: string])[] = [
    [{ permision: [] }, 'permision: no such option'],
    [{ name: '' }, 'name: '],
    [{ name: 7 }, 'name: '],
    [{ root: '/srv' }, 'root: give it, or fileSystem, not both'],
    [{ fileSystem: undefined }, 'root: an account needs it, or a fileSystem'],
    [{ fileSystem: undefined, root: '' }, 'root: an account needs it'],
    [{ permissions: ['read', 'fly'] }, "permissions: 'fly' is not one of read, write"],
    [{ permissions: 'read' }, 'permissions: give a list of strings'],
    [{ readOnly: 'yes' }, "readOnly: 'yes' is neither true nor false"],
    [{ quotaBytes: -1 }, 'quotaBytes: -1 is not a whole number from 0 on'],
    [{ quotaBytes: 1.5 }, 'quotaBytes: 1.5 '],
    [{ quotaBytes: '10' }, "quotaBytes: '10' "],
    [{ rates: { upload: 1 } }, 'rates.upload: no such option'],
    [{ rates: { uploadBytesPerSecond: 0 } }, 'rates.uploadBytesPerSecond: 0 is not a whole number from 1 on'],
    [{ rates: 5 }, 'rates: give an object, not 5'],
    [{ allowedAddresses: ['localhost'] }, "allowedAddresses: 'localhost' is neither an address nor a network"],
    [{ allowedAddresses: ['10.0.0.0/33'] }, "allowedAddresses: '10.0.0.0/33' has no such prefix length"],
    [{ allowedAddresses: '10.0.0.1' }, 'allowedAddresses: give a list of strings'],
    [{ clientCertificate: ['ab:cd'] }, "clientCertificate: 'AB:CD' is not a SHA-256 fingerprint"],
    [{ clientCertificate: 'yes' }, 'clientCertificate: give a list of strings'],
    [{ maxSessions: 0 }, 'maxSessions: 0 is not a whole number from 1 on'],
    [{ homeDirectory: 'incoming' }, 'homeDirectory: is not an absolute path'],
  ];
  for (const [fields, message] of wrong) {
    it(`is refused for ${JSON.stringify(fields)}`, () => {
      expect(() => parsed(fields))
        .to.throw(ConfigError)
        .with.property('message')
        .that.satisfies((text: string) => text.startsWith(message));
    });
  }
});

describe('permissions', () => {
  it('are asked for one at a time, or any one of several', () => {
    const account = parsed({ permissions: ['list'] });
    requirePermission(account, 'list');
    requirePermission(account, ['read', 'list']);
    for (const needed of ['read', ['read', 'write']] as const) {
      expect(() => {
        requirePermission(account, needed);
      })
        .to.throw()
        .with.property('kind', 'permission');
    }
  });

  const facts: readonly (readonly [permissions: readonly string[], file: string, directory: string])[] = [
    [['read', 'write', 'delete', 'rename', 'list', 'makeDirectories'], 'radfw', 'elcdfmp'],
    [['read', 'list'], 'r', 'el'],
    [['write'], 'aw', 'ec'],
    [['delete'], 'd', 'edp'],
    [['rename'], 'f', 'ef'],
    [['makeDirectories'], '', 'em'],
    [[], '', 'e'],
  ];
  for (const [permissions, file, directory] of facts) {
    it(`show as perm=${file} and perm=${directory} for ${permissions.join(', ') || 'none'}`, () => {
      const account = parsed({ permissions });
      expect([permFact(account, 'file'), permFact(account, 'directory')]).to.deep.equal([file, directory]);
    });
  }
});

describe('a list of addresses', () => {
  const cases: readonly (readonly [
    networks: readonly string[],
    inside: readonly string[],
    outside: readonly string[],
  ])[] = [
    [['192.0.2.1'], ['192.0.2.1', '::ffff:192.0.2.1'], ['192.0.2.2', '::1', '::ffff:192.0.2.2']],
    [['10.0.0.0/8'], ['10.255.0.1', '::FFFF:10.0.0.1'], ['11.0.0.1', '::a00:1']],
    [['2001:db8::/32'], ['2001:db8:1::1', '2001:DB8::'], ['2001:db9::1', '10.0.0.1']],
    [['::1', '127.0.0.0/8'], ['::1', '127.3.2.1'], ['::2']],
    [['::ffff:10.0.0.0/104'], ['10.9.8.7', '::ffff:10.1.1.1'], ['11.0.0.1']],
    [['fe80::/10'], ['fe80::1%eth0'], ['fec0::1%eth0']],
    [['0.0.0.0/0'], ['8.8.8.8'], ['2001:db8::1']],
    [[], [], ['127.0.0.1', '::1', '', 'nowhere']],
  ];
  for (const [networks, inside, outside] of cases) {
    it(`of ${networks.join(' and ') || 'nothing'} knows who is in it`, () => {
      const list = new AddressList('allowedAddresses', networks);
      for (const address of inside) expect(list.has(address), address).to.equal(true);
      for (const address of outside) expect(list.has(address), address).to.equal(false);
    });
  }

  it('refuses what is no network', () => {
    for (const network of ['', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', '::/129', '::ffff:10.0.0.0/95', '1.2.3.4/-1']) {
      expect(() => new AddressList('field', [network]), network).to.throw(ConfigError, /^field: /);
    }
  });
});
