import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/tls-core';
import {
  flag,
  knownKeys,
  oneOf,
  optionalFunction,
  optionalSignal,
  optionalText,
  portNumber,
  textList,
  waitingTime,
  wholeNumber,
} from '@ftps-kit/tls-core/internal';
import { parseClientPolicy, parseServerPolicy } from '../../../packages/tls-core/src/tls-policy.js';
import { testCertificates } from '../../support/certificates.js';

/** As libraries have them that are older than Node's. */
const foreignSignal = Object.assign(new EventTarget(), { aborted: false, reason: undefined });

describe('the checks of options', () => {
  const wrongKeys: readonly (readonly [where: string, options: unknown, message: string])[] = [
    ['', { a: 1, c: 2 }, 'c: no such option; there are a, b'],
    ['tls', { c: 2 }, 'tls.c: no such option; there are a, b'],
    ['', undefined, 'options: give an object, not undefined'],
    ['tls', null, 'tls: give an object, not null'],
  ];
  for (const [where, options, message] of wrongKeys) {
    it(`say: ${message}`, () => {
      expect(() => {
        knownKeys(where, options as object, ['a', 'b']);
      }).to.throw(ConfigError, message);
    });
  }

  const wrong: readonly (readonly [check: () => unknown, message: string])[] = [
    [() => oneOf('mode', 'c', ['a', 'b']), "mode: 'c' is not one of a, b"],
    [() => oneOf('mode', {} as never, ['a', 'b']), 'mode: a value of the type object is not one of a, b'],
    [() => wholeNumber('size', 0, 1), 'size: 0 is not a whole number from 1 on'],
    [() => wholeNumber('size', 2 ** 53, 1), 'size: 9007199254740992 is not a whole number from 1 on'],
    [() => wholeNumber('size', 1.5, 1, 2), 'size: 1.5 is not a whole number from 1 to 2'],
    [() => wholeNumber('size', '1' as never, 1, 2), "size: '1' is not a whole number from 1 to 2"],
    [() => portNumber('port', 65_536, 0), 'port: 65536 is not a port'],
    [() => portNumber('port', 0, 1), 'port: 0 is not a port'],
    [() => waitingTime('waitMs', -1), 'waitMs: -1 is not a time in milliseconds'],
    [() => waitingTime('waitMs', 2 ** 31), 'waitMs: 2147483648 is not a time in milliseconds'],
    [() => waitingTime('waitMs', '5' as never), "waitMs: '5' is not a time in milliseconds"],
    [() => flag('durable', 1), 'durable: 1 is neither true nor false'],
    [() => optionalText('password', 7 as never), 'password: give a string'],
    [() => textList('pins', 'a' as never), 'pins: give a list of strings'],
    [() => textList('pins', ['a', 7] as never), 'pins: give a list of strings'],
    [() => optionalFunction('clock', 7), 'clock: give a function, not 7'],
    [() => optionalSignal('signal', { aborted: false } as never), 'signal: give an AbortSignal'],
    [() => optionalSignal('signal', foreignSignal as never), 'signal: give an AbortSignal'],
  ];
  for (const [check, message] of wrong) {
    it(`say: ${message}`, () => {
      expect(check).to.throw(ConfigError, message);
    });
  }

  it('give what is right as it was given', () => {
    const { signal } = new AbortController();
    const given = [oneOf('mode', 'b', ['a', 'b']), wholeNumber('size', 3, 3, 3), portNumber('port', 0, 0)];
    expect(given).to.deep.equal(['b', 3, 0]);
    expect([waitingTime('waitMs', 0.5), waitingTime('waitMs', 2 ** 31 - 1)]).to.deep.equal([0.5, 2 ** 31 - 1]);
    expect(flag('durable', false)).to.equal(false);
    expect(optionalText('user', '')).to.equal('');
    expect(optionalText('user', undefined)).to.equal(undefined);
    expect(textList('pins', [])).to.deep.equal([]);
    expect(optionalSignal('signal', signal)).to.equal(signal);
    expect(optionalFunction('clock', Date.now)).to.equal(Date.now);
  });
});

describe('the options of TLS', () => {
  it('are named once each where another one is given, those of a side on that side only', async () => {
    const { server } = await testCertificates();
    const namesOf = (parse: () => unknown): readonly string[] => {
      try {
        parse();
      } catch (error) {
        return (/there are (.*)$/.exec(String(error))?.[1] ?? '').split(', ');
      }
      return [];
    };
    const ofClients = namesOf(() => parseClientPolicy({ other: 1 } as never));
    const ofServers = namesOf(() => parseServerPolicy({ identities: [server], other: 1 } as never));
    expect(ofClients).to.include.members(['versions', 'pins']).and.not.include('loginTickets');
    expect(ofServers).to.include.members(['versions', 'loginTickets']).and.not.include('pins');
    for (const names of [ofClients, ofServers]) expect(names).to.deep.equal([...new Set(names)]);
  });

  it('of a server have identities that are checked', () => {
    for (const identities of [undefined, {}, [{ cert: '', key: '' }]]) {
      expect(() => parseServerPolicy({ identities } as never)).to.throw(ConfigError, /^tls\.identities: give a list/);
    }
  });
});
