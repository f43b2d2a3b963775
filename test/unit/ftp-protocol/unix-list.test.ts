import { parseList } from 'basic-ftp/dist/parseList.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUnixListLine, type UnixListEntry } from '@ftps-kit/ftp-protocol';

const now = new Date('2024-07-01T12:00:00Z');
const file: UnixListEntry = {
  type: 'file',
  name: 'read me.txt',
  mode: 0o644,
  links: 1,
  owner: 'ann',
  group: 'staff',
  sizeBytes: 4096,
  modifiedAt: new Date('2024-06-05T08:09:10Z'),
};

const line = (changes: Partial<UnixListEntry> = {}) => encodeUnixListLine({ ...file, ...changes }, now);

describe('a line of LIST', () => {
  it('looks like ls -l', () => {
    expect(line()).to.equal('-rw-r--r--   1 ann      staff            4096 Jun  5 08:09 read me.txt');
    expect(line({ type: 'directory', mode: 0o755, name: 'd' })).to.match(/^drwxr-xr-x .* d$/);
    expect(line({ type: 'symbolic-link', mode: 0o777, name: 'l', linkTarget: '../x' })).to.match(
      /^lrwxrwxrwx .* l -> ..\/x$/,
    );
  });

  it('shows set-id and sticky bits, with and without the execute bit', () => {
    expect(line({ mode: 0o7755 }).slice(0, 10)).to.equal('-rwsr-sr-t');
    expect(line({ mode: 0o7644 }).slice(0, 10)).to.equal('-rwSr-Sr-T');
    expect(line({ mode: 0 }).slice(0, 10)).to.equal('----------');
  });

  it('gives the hour up to 180 days back, and the year for older and future times', () => {
    const at = (iso: string) => line({ modifiedAt: new Date(iso) }).slice(-24, -12);
    expect(at('2024-07-01T12:00:00Z')).to.equal('Jul  1 12:00');
    expect(at('2024-01-03T12:00:00Z')).to.equal('Jan  3 12:00');
    expect(at('2024-01-03T11:59:59Z')).to.equal('Jan  3  2024');
    expect(at('2024-07-01T12:00:01Z')).to.equal('Jul  1  2024');
    expect(at('1999-12-31T23:59:59Z')).to.equal('Dec 31  1999');
    expect(at('not a date')).to.equal('Jan  1  1970');
  });

  it('cannot be forged by a name, a link, an owner or a group', () => {
    const forged = line({ name: 'a\r\nb\0c\x1b[2Jd\u2028e\x85', owner: 'a b\n', group: '' });
    expect(forged).to.match(/ a_b\? +- +4096 .* a\?\?b\?c\?\[2Jd\?e\?$/);
    expect(line({ type: 'symbolic-link', linkTarget: 'a\nb' })).to.match(/ -> a\?b$/);
  });

  it('is read by a client as what it says', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._\-é日 ]*[A-Za-z0-9]$/).filter((text) => /^[^\s.]/.test(text));
    fc.assert(
      fc.property(name, fc.maxSafeNat(), fc.boolean(), (text, sizeBytes, isDirectory) => {
        const type = isDirectory ? 'directory' : 'file';
        const [parsed] = parseList(line({ name: text, sizeBytes, type }));
        expect(parsed).to.include({ name: text, size: sizeBytes, isDirectory, user: 'ann', group: 'staff' });
      }),
    );
  });

  it('keeps its columns for any numbers', () => {
    expect(line({ sizeBytes: Number.NaN, links: -1 })).to.match(/^-rw-r--r-- {3}0 ann {6}staff {15}0 Jun/);
    expect(line({ sizeBytes: Number.MAX_SAFE_INTEGER })).to.include(' 9007199254740991 Jun');
  });
});
