import { setImmediate } from 'node:timers/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem, QuotaFileSystem, type Account } from '@ftps-kit/ftps-server';
import { AccountSessions, type AccountSession } from '../../../packages/ftps-server/src/account-sessions.js';

const ignore = (): void => undefined;

describe('the sessions of an account', () => {
  let root: string;
  let sessions: AccountSessions;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ftps-kit-sessions-'));
    sessions = new AccountSessions();
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const enter = (account: Partial<Account> = {}): AccountSession =>
    sessions.enter({ name: 'alice', root, ...account }, ignore);

  /** As far as the server can know it. */
  async function usedBytes({ account }: AccountSession): Promise<number | undefined> {
    return account.fileSystem instanceof QuotaFileSystem ? account.fileSystem.usedBytes() : undefined;
  }

  async function upload({ account }: AccountSession, bytes: number): Promise<void> {
    const file = await account.fileSystem.openWrite('/a', { kind: 'replace' });
    await file.write(Buffer.alloc(bytes));
    await file.commit();
  }

  it('share the rates of the account, and have their own besides', () => {
    const rates = {
      uploadBytesPerSecond: 1,
      downloadBytesPerSecond: 2,
      sessionUploadBytesPerSecond: 3,
      sessionDownloadBytesPerSecond: 4,
    };
    const [one, other, bobs] = [enter({ rates }), enter({ rates }), enter({ rates, name: 'bob' })];
    const bytesPerSecond = (session: AccountSession): readonly number[][] =>
      [session.rates.received, session.rates.sent].map((limits) => limits.map((limit) => limit.bytesPerSecond));
    for (const session of [one, other, bobs])
      expect(bytesPerSecond(session)).to.deep.equal([
        [3, 1],
        [4, 2],
      ]);
    for (const way of ['received', 'sent'] as const) {
      expect(one.rates[way][0]).not.to.equal(other.rates[way][0]);
      expect(one.rates[way][1]).to.equal(other.rates[way][1]);
      expect(one.rates[way][1]).not.to.equal(bobs.rates[way][1]);
    }
  });

  it('share what they begin with: a new rate is for those that come later', () => {
    const [before, after, later] = [10, 20, 20].map((uploadBytesPerSecond) =>
      enter({ rates: { uploadBytesPerSecond } }),
    );
    expect(before?.rates.received[0]?.bytesPerSecond).to.equal(10);
    expect(after?.rates.received[0]).to.equal(later?.rates.received[0]);
    expect(enter().rates).to.deep.equal({ received: [], sent: [] });
  });

  it('share the count of one folder, each account with its own bound', async () => {
    const [alice, bob] = [enter({ quotaBytes: 10 }), enter({ name: 'bob', quotaBytes: 5 })];
    await upload(alice, 7);
    expect(await usedBytes(bob)).to.equal(7);
    expect(await bob.account.fileSystem.freeSpace?.('/')).to.equal(0);
    expect(await alice.account.fileSystem.freeSpace?.('/')).to.equal(3);
  });

  it('see one file system, so that what is known of a file is known to all of them', () => {
    for (const quotaBytes of [undefined, 10]) {
      const [one, other] = [enter({ quotaBytes }), enter({ quotaBytes })];
      expect(one.account.fileSystem).to.equal(other.account.fileSystem);
    }
  });

  it('of one folder count it once, with and without a slash at its end', () => {
    const roots = [root, `${root}/`].map((one) => enter({ root: one, quotaBytes: 10 }).account.fileSystem);
    expect(roots[1]).to.equal(roots[0]);
  });

  it('leave nothing behind when the last one has left, and count anew when somebody comes', async () => {
    const fileSystem = new LocalFileSystem(root);
    const [one, other] = [
      enter({ root: undefined, fileSystem, quotaBytes: 10 }),
      enter({ root: undefined, fileSystem }),
    ];
    await upload(one, 7);
    expect(sessions.sessionsOf('alice')).to.equal(2);
    for (const session of [one, other, one]) session.leave();
    expect(sessions.sessionsOf('alice')).to.equal(0);
    writeFileSync(join(root, 'b'), 'by another program');
    expect(await usedBytes(enter({ root: undefined, fileSystem, quotaBytes: 100 }))).to.equal(25);
  });

  it('still count an upload that ends behind its session', async () => {
    const fileSystem = new LocalFileSystem(root);
    const last = enter({ root: undefined, fileSystem, quotaBytes: 10 });
    await upload(last, 3);
    const file = await last.account.fileSystem.openWrite('/a', { kind: 'append' });
    await file.write(Buffer.alloc(2));
    last.leave();
    const next = enter({ root: undefined, fileSystem, quotaBytes: 10 });
    await file.write(Buffer.alloc(2));
    expect(await next.account.fileSystem.freeSpace?.('/')).to.equal(3);
    await file.abort();
    expect(await usedBytes(next)).to.equal(7);
  });

  it('say when they are one too many, and count no more once they have left', () => {
    const one = enter({ maxSessions: 1 });
    const tooMany = enter({ maxSessions: 1 });
    expect([one.isOneTooMany, tooMany.isOneTooMany]).to.deep.equal([false, true]);
    tooMany.leave();
    one.leave();
    expect(enter({ maxSessions: 1 }).isOneTooMany).to.equal(false);
  });

  it('are told when the account is revoked, until they have left', () => {
    const revocation = new AbortController();
    const told: string[] = [];
    const [, gone] = ['one', 'gone'].map((name) =>
      sessions.enter({ name: 'alice', root, revoked: revocation.signal }, () => told.push(name)),
    );
    gone?.leave();
    revocation.abort();
    expect(told).to.deep.equal(['one']);
  });

  it('may be many of a revocable account without a warning', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const { signal } = new AbortController();
    // Each with a listener of its own: one that is added twice counts once.
    for (let session = 0; session < 20; session += 1) {
      sessions.enter({ name: 'alice', root, revoked: signal }, () => undefined);
    }
    // Node warns a tick later.
    await setImmediate();
    process.off('warning', listen);
    expect(warnings.map(({ name }) => name)).not.to.include('MaxListenersExceededWarning');
  });

  it('do not begin with an account that makes no sense', () => {
    expect(() => enter({ quotaBytes: -1 })).to.throw('quotaBytes: ');
    expect(sessions.sessionsOf('alice')).to.equal(0);
  });
});
