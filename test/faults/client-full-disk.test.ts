// Downloads onto a disk that fills up: a real one, of two megabytes.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileError, leftBehind, type DownloadOptions, type FtpsClient } from '@ftps-kit/ftps-client';
import { connectTo } from '../support/own-client.js';
import { rejection } from '../support/rejection.js';
import { SmallDisk } from '../support/small-disk.js';
import { TestServer } from '../support/test-server.js';

const large = randomBytes(8 * 1024 * 1024);
const small = randomBytes(1024 * 1024);

describe('a download onto a disk that is full', () => {
  let disk: string;
  let server: TestServer;
  let client: FtpsClient;
  let mounted: SmallDisk | undefined;

  before(async function () {
    disk = mkdtempSync(join(tmpdir(), 'ftps-kit-disk-'));
    mounted = SmallDisk.mount(this, disk);
    server = await TestServer.start({ files: { 'large.bin': large, 'small.bin': small } });
    client = await connectTo(server);
  });

  after(async () => {
    if (mounted !== undefined) {
      await client.close();
      await server[Symbol.asyncDispose]();
      mounted[Symbol.dispose]();
    }
    rmSync(disk, { recursive: true, force: true });
  });

  beforeEach(() => {
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
    writeFileSync(join(disk, 'a'), 'old content');
  });

  /** Fails for want of room, once; the old file is whole, and the control connection in step. */
  async function fails(options: DownloadOptions): Promise<unknown> {
    const path = join(disk, 'a');
    const attempts: string[] = [];
    const retry = { attempts: 3, wait: () => Promise.resolve() };
    const error = await rejection(
      client.download('large.bin', path, { retry, onAttempt: ({ state }) => attempts.push(state), ...options }),
    );
    expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
    expect((error as Error).message).to.include(`cannot write ${path}: the disk is full`);
    expect((error as Error).cause).to.include({ code: 'ENOSPC' });
    expect(attempts).to.deep.equal(['begins', 'failed']);
    expect((await client.raw('NOOP')).code).to.equal(200);
    return error;
  }

  for (const options of [{}, { durable: true }] as const satisfies readonly DownloadOptions[]) {
    it(`leaves the old file and nothing else, and there is room again (${JSON.stringify(options)})`, async () => {
      const error = await fails(options);
      expect(leftBehind(error)).to.equal(undefined);
      expect(readdirSync(disk)).to.deep.equal(['a']);
      expect(readFileSync(join(disk, 'a'), 'utf8')).to.equal('old content');
      await client.download('small.bin', join(disk, 'a'), options);
      expect(readFileSync(join(disk, 'a')).equals(small)).to.equal(true);
    });
  }

  it('keeps with resume what had room, and the next download of it goes on there', async () => {
    const error = await fails({ resume: true });
    const left = leftBehind(error);
    expect(left).to.include({ side: 'local', what: 'partial' });
    expect((error as Error).message).to.include(`what came so far is kept as ${String(left?.path)}`);
    expect(readFileSync(join(disk, 'a'), 'utf8')).to.equal('old content');
    const kept = statSync(left?.path ?? '').size;
    expect(kept).to.be.within(1, 2 * 1024 * 1024);

    mounted?.resize(16);
    try {
      const result = await client.download('large.bin', join(disk, 'a'), { resume: true });
      expect(result).to.include({ resumedAt: kept });
      expect(readFileSync(join(disk, 'a')).equals(large)).to.equal(true);
      expect(readdirSync(disk)).to.deep.equal(['a']);
    } finally {
      rmSync(join(disk, 'a'));
      mounted?.resize(2);
    }
  });

  it('in place has the beginning of the new file, and says so', async () => {
    rmSync(join(disk, 'a'));
    const error = await fails({ resume: 'in-place' });
    expect(leftBehind(error)).to.deep.equal({ side: 'local', path: join(disk, 'a'), what: 'partial' });
    const kept = readFileSync(join(disk, 'a'));
    expect(kept.equals(large.subarray(0, kept.length))).to.equal(true);
  });

  it('leaves nothing where the disk was all but full before', async () => {
    rmSync(join(disk, 'a'));
    const inner = join(disk, 'inner');
    mkdirSync(inner);
    writeFileSync(join(disk, 'filler'), randomBytes(2 * 1024 * 1024 - 64 * 1024));
    const path = join(inner, 'b');
    const error = await rejection(client.download('small.bin', path));
    expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
    expect(readdirSync(inner)).to.deep.equal([]);
    expect((await client.raw('NOOP')).code).to.equal(200);
  });
});
