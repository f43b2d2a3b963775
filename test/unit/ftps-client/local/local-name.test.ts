import { posix, win32 } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError, UnsafeNameError, safeLocalName } from '@ftps-kit/ftps-client';

const everywhere = [
  ...['', '.', '..', '../up', 'a/b', '/etc/passwd', 'a\\b', '..\\up', '\\\\server\\share', 'C:', 'c:\\x', 'C:x'],
  ...[
    'a\0b',
    'a\tb',
    'a\rb',
    'a\nb',
    '\x1b[2J',
    'a\x7f',
    'a\u0085b',
    'a\u2028',
    'exe\u202egpj',
    '\udcfcber',
    'x'.repeat(256),
    'ü'.repeat(128),
  ],
];
const onWindows = [
  ...['con', 'CON.txt', 'nul', 'aux .c', 'com1', 'COM9.log', 'lpt¹', 'conin$', 'ab:c', 'a?', 'a*', '"a"', '<a', 'a|b'],
  ...['a.', '...', 'a '],
];
const fine = ['a', '.hidden', 'a..b', 'Ordner ü', '😀', '-rf', '~', '%2e%2e', 'consul', 'com10', 'x'.repeat(255)];

describe('a local name', () => {
  it('is not asked for with a misspelt option, which would ask for less', () => {
    expect(() => safeLocalName('a:b', { plattform: 'win32' } as object)).to.throw(ConfigError, /^plattform: no such/);
  });

  for (const name of everywhere) {
    it(`is never ${JSON.stringify(name.slice(0, 20))}`, () => {
      for (const platform of ['linux', 'win32'] as const) {
        expect(() => safeLocalName(name, { platform })).to.throw(UnsafeNameError);
      }
    });
  }

  for (const name of onWindows) {
    it(`is not ${JSON.stringify(name)} on Windows`, () => {
      expect(safeLocalName(name, { platform: 'linux' })).to.equal(name);
      expect(() => safeLocalName(name, { platform: 'win32' })).to.throw(UnsafeNameError);
    });
  }

  it('is otherwise what the server says', () => {
    for (const name of fine) {
      expect(safeLocalName(name, { platform: 'linux' })).to.equal(name);
      expect(safeLocalName(name, { platform: 'win32' })).to.equal(name);
    }
  });

  it('leads to something right in the folder, whatever the server says', () => {
    const pieces = fc.constantFrom('..', '.', '/', '\\', ':', 'C', 'a', '\0', ' ', 'ü', '\udcff', 'con');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (name) => {
          for (const [platform, path] of [
            ['linux', posix],
            ['win32', win32],
          ] as const) {
            let safe: string;
            try {
              safe = safeLocalName(name, { platform });
            } catch (error) {
              expect(error).to.be.instanceOf(UnsafeNameError);
              continue;
            }
            const folder = path.resolve(path.sep, 'target');
            expect(path.dirname(path.join(folder, safe))).to.equal(folder);
            expect(path.basename(path.join(folder, safe))).to.equal(name);
          }
        },
      ),
    );
  });
});
