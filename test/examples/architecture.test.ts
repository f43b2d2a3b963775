// ARCHITECTURE.md against the tree: a map that names what is not there is worse than none.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const house = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${house}ARCHITECTURE.md`, 'utf8');
const tree = filesBelow('');

/** All that is written by hand. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(house + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (!entry.isDirectory()) return [path];
    const isMade = entry.name.startsWith('.') || ['node_modules', 'dist', 'build', 'coverage'].includes(entry.name);
    return isMade ? [] : filesBelow(`${path}/`);
  });
}

/** Whether something of this name is in the tree: a file, with its ending or without, or a folder, by as much of its path. */
function isThere(name: string): boolean {
  const wanted = `/${name.replace(/\/$/, '')}`;
  return tree.some((path) => {
    const withoutEnding = path.slice(0, path.length - extname(path).length);
    const isFolder = `/${path}`.includes(`${wanted}/`);
    return isFolder || [path, withoutEnding].some((one) => `/${one}`.endsWith(wanted));
  });
}

describe('ARCHITECTURE.md', () => {
  it('names only files and folders that are there', () => {
    const maps = [...text.matchAll(/^```text\n(.*?)^```/gms)].map(([, map = '']) => map).join('\n');
    const prose = text.replace(/^```text\n.*?^```/gms, '');
    const inMaps = [...maps.matchAll(/(?<![\w-])[a-z]+(?:-[a-z]+)+(?![\w-])/g)].map(([name]) => name);
    const inProse = [...prose.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) =>
      /^[a-z]+(?:-[a-z]+)+$|\.(?:ts|js|md)$|[\w-]\//.test(name) ? [name] : [],
    );
    // What it is looked for by finds what is known to be there.
    expect(inMaps).to.include.members(['control-binding', 'session-trust', 'transfer-start']);
    expect(inProse).to.include.members(['packages/tls-core', 'command-table.ts', 'options/', 'login-throttle']);
    expect([...inMaps, ...inProse].filter((name) => !isThere(name))).to.deep.equal([]);
  });

  it('gives a reason for each dependency', () => {
    const reasons = text.slice(text.indexOf('## Dependencies')).toLowerCase();
    const manifests = tree.filter((path) => basename(path) === 'package.json' && !path.startsWith('test/'));
    const names = manifests.flatMap((path) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(house + path, 'utf8')) as Record<
        string,
        Record<string, string> | undefined
      >;
      return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
    });
    const others = names.filter((name) => !/^@(?:ftps-kit|types|eslint)\//.test(name));
    expect(others).to.include.members(['basic-ftp', 'mocha', 'node-gyp-build']);
    expect(others.filter((name) => !reasons.includes(name))).to.deep.equal([]);
  });
});
