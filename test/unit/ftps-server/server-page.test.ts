import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { DEFAULT_LIMITS, fixedAccounts } from '@ftps-kit/ftps-server';
import { parseServerOptions, type FtpsServerOptions } from '../../../packages/ftps-server/src/server-options.js';
import { testCertificates } from '../../support/certificates.js';

/** Where an option may stand that there is not: each place answers with the names that there are. */
const PLACES: Readonly<Record<string, (stray: object) => object>> = {
  'the options': (stray) => stray,
  tls: (stray) => ({ tls: { ...stray, identities: [] } }),
  listen: (stray) => ({ listen: stray }),
  active: (stray) => ({ active: stray }),
  proxyProtocol: (stray) => ({ proxyProtocol: stray }),
  limits: (stray) => ({ limits: stray }),
};

describe('docs/server.md', () => {
  const page = readFileSync(new URL('../../../docs/server.md', import.meta.url), 'utf8');
  const options = page.slice(page.indexOf('\n## Options\n'), page.indexOf('\n## New certificates\n'));
  /** One a bullet, whatever it is below. */
  const items = options.split(/\n(?= *- |\n|#)/).map((item) => item.replace(/\s+/g, ' '));
  let minimal: FtpsServerOptions;

  before(async () => {
    const { server } = await testCertificates();
    minimal = { tls: { cert: server.certPem, key: server.keyPem }, authenticate: fixedAccounts([]) };
  });

  /** The names that the parser of this place takes. */
  function namesIn(place: (stray: object) => object): readonly string[] {
    try {
      parseServerOptions({ ...minimal, ...place({ noSuchOption: 1 }) });
    } catch (error) {
      const [, names] = /no such option; there are (.*)$/.exec(String(error)) ?? [];
      if (names !== undefined) return names.split(', ');
      throw error;
    }
    throw new Error('an option that there is not was taken');
  }

  /** The bullet that begins with this name, alone or among others. */
  function itemOf(name: string): string {
    const found = items.filter((item) => /^ ?- ([^:]*)/.exec(item)?.[1]?.includes(`**\`${name}\`**`));
    const sentence = items.filter((item) => item.trim().startsWith(`**\`${name}\`**`));
    expect([...found, ...sentence], `${name} has one place in the list of options`).to.have.length(1);
    return [...found, ...sentence][0] ?? '';
  }

  for (const [place, stray] of Object.entries(PLACES)) {
    it(`has every option of ${place}, with its default and what it means for security`, () => {
      const names = namesIn(stray);
      expect(names).to.have.length.above(0);
      for (const name of names) {
        const item = itemOf(name);
        expect(item, `${name}: its default`).to.match(/\*\* \((default|needed|`?[\d I])/);
        expect(item, `${name}: security`).to.match(/ Security: \S.{20}/);
      }
    });
  }

  it('has the default of each limit as it is', () => {
    for (const [name, value] of Object.entries<number>({ ...DEFAULT_LIMITS })) {
      const text = value === Infinity ? '`Infinity`: none' : value.toLocaleString('en');
      expect(itemOf(name), name).to.include(`** (${text})`);
    }
  });

  it('tells of no option and no limit that there is not', () => {
    const known = Object.values(PLACES).flatMap(namesIn);
    const told = [...options.matchAll(/\*\*`(\w+)`\*\*/g)].map(([, name]) => name);
    expect(told.filter((name) => name !== undefined && !known.includes(name))).to.deep.equal([]);
    expect(new Set(told).size).to.equal(told.length);
  });
});
