import { expect } from 'chai';
import { ConnectionError, LimitError, ReplyError, type Entry, type FtpsError } from '@ftps-kit/ftps-client';
import { walkTree, type Walk } from '../../../../packages/ftps-client/src/remote/walk.js';
import { collect } from '../../../support/collect.js';
import { rejection } from '../../../support/rejection.js';

/** A tree by folder: names with a slash at the end are folders, with an @ links; `name=key/` has the `unique` fact. */
type Tree = Readonly<Record<string, readonly string[] | Error>>;

function entryOf(text: string): Entry {
  const [name = '', key] = text.replace(/[/@]$/, '').split('=');
  const type = text.endsWith('/') ? 'directory' : text.endsWith('@') ? 'link' : 'file';
  const unknown = {
    size: undefined,
    modifiedAt: undefined,
    modifiedPrecision: undefined,
    linkTarget: undefined,
    listedTime: undefined,
  };
  return { name, type, ...unknown, facts: new Map(key === undefined ? [] : [['unique', key]]) };
}

function listing(tree: Tree): Walk['list'] {
  return (folder) => {
    const found = tree[folder ?? '.'];
    if (found instanceof Error) return Promise.reject(found);
    return Promise.resolve((found ?? []).map(entryOf));
  };
}

async function walked(tree: Tree, options: Partial<Walk> = {}): Promise<string[]> {
  const entries = await collect(walkTree({ root: '/r', width: 1, list: listing(tree), ...options }));
  return entries.map(({ path }) => path);
}

const refusal = new ReplyError('MLSD', { code: 550, lines: ['no'] }, 'the server refused MLSD');

describe('a walk', () => {
  it('gives each folder before what is in it, with paths from where it began', async () => {
    const tree = { '/r': ['a/', 'x', 'b/'], '/r/a': ['c/', 'y'], '/r/a/c': ['z'], '/r/b': ['w'] };
    expect(await walked(tree)).to.deep.equal(['a', 'x', 'b', 'a/c', 'a/y', 'a/c/z', 'b/w']);
    expect(await walked({ '.': ['a/'], a: ['b'] }, { root: '' })).to.deep.equal(['a', 'a/b']);
    expect(await walked({ '/': ['a/'], '/a': ['b'] }, { root: '/' })).to.deep.equal(['a', 'a/b']);
  });

  it('does not go through links, nor below maxDepth', async () => {
    const tree = { '/r': ['l@', 'a/'], '/r/l': ['outside'], '/r/a': ['b/'], '/r/a/b': ['deep'] };
    expect(await walked(tree, { maxDepth: 2 })).to.deep.equal(['l', 'a', 'a/b']);
    expect(await walked(tree, { maxDepth: 1 })).to.deep.equal(['l', 'a']);
  });

  it('does not enter a folder that lies within itself', async () => {
    const tree = { '/r': ['a=1/', 'b=2/'], '/r/a': ['c=3/'], '/r/a/c': ['a=1/', 'b=2/'] };
    expect(await walked(tree)).to.deep.equal(['a', 'b', 'a/c', 'a/c/a', 'a/c/b']);
  });

  it('ends in a LimitError where nobody can tell that it goes round in circles', async () => {
    const circle: Walk['list'] = () => Promise.resolve([entryOf('a/')]);
    expect(await rejection(walked({}, { list: circle }))).to.be.instanceOf(LimitError);
  });

  it('ends in it whoever listens, where two circles have more folders than could ever be listed', async () => {
    let listings = 0;
    const circles: Walk['list'] = () => {
      listings += 1;
      return listings < 10_000 ? Promise.resolve([entryOf('a/'), entryOf('b/')]) : Promise.reject(new Error('no end'));
    };
    const told: FtpsError[] = [];
    const options = { list: circles, onError: (error: FtpsError) => told.push(error) };
    expect(await rejection(walked({}, options))).to.be.instanceOf(LimitError);
    expect(told).to.deep.equal([]);
  });

  it('tells of each folder that cannot be listed and goes on, or rejects where nobody listens', async () => {
    const tree = { '/r': ['a/', 'b/'], '/r/a': refusal, '/r/b': ['x'] };
    const told: [FtpsError, string][] = [];
    expect(await walked(tree, { onError: (error, path) => told.push([error, path]) })).to.deep.equal(['a', 'b', 'b/x']);
    expect(told).to.deep.equal([[refusal, 'a']]);
    expect(await rejection(walked(tree))).to.equal(refusal);
  });

  it('ends with the connection, whoever listens', async () => {
    const lost = new ConnectionError('gone');
    const told: FtpsError[] = [];
    const tree = { '/r': ['a/'], '/r/a': lost };
    expect(await rejection(walked(tree, { onError: (error) => told.push(error) }))).to.equal(lost);
    expect(told).to.deep.equal([]);
  });

  it('keeps no more listings under way, or waiting to be taken, than its width', async () => {
    const folders = Array.from({ length: 20 }, (_, number) => `${number}/`);
    let running = 0;
    let most = 0;
    const list: Walk['list'] = async (folder) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return folder === '/r' ? folders.map(entryOf) : [entryOf('x')];
    };
    expect(await walked({}, { list, width: 4 })).to.have.length(40);
    expect(most).to.equal(4);
  });

  it('that is left early ends the listings under way', async () => {
    const ended: string[] = [];
    const list: Walk['list'] = (folder, signal) => {
      if (folder === '/r') return Promise.resolve([entryOf('a/'), entryOf('b/')]);
      if (folder === '/r/a') return Promise.resolve([entryOf('x')]);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          ended.push(String(folder));
          reject(new ConnectionError('ended'));
        });
      });
    };
    for await (const { path } of walkTree({ root: '/r', width: 2, list })) if (path === 'a/x') break;
    expect(ended).to.deep.equal(['/r/b']);
  });
});
