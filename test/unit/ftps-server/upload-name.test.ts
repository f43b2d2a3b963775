import { expect } from 'chai';
import {
  isDeadUpload,
  isUploadName,
  newUploadName,
  type ProcessMark,
  type ProcessView,
} from '../../../packages/ftps-server/src/upload-name.js';

const hour = 60 * 60 * 1000;
const now = Date.parse('2024-03-01T00:00:00Z');
const self: ProcessMark = { host: 'aaaa', boot: 'bbbb', namespace: 'cccc', pid: 100, started: '5000' };

/** This machine, with these other processes. */
function machine(processes: Readonly<Record<number, string>>): ProcessView {
  const all: Readonly<Record<number, string>> = { ...processes, [self.pid]: self.started };
  return { self, bootedAtMs: now - 10 * hour, startOf: (pid) => all[pid] };
}

function nameOf(mark: Partial<ProcessMark>): string {
  return newUploadName({ ...machine({}), self: { ...self, ...mark } });
}

describe('the name of an upload under way', () => {
  it('is hidden, of one component, and never the same twice', () => {
    const names = [newUploadName(), newUploadName()];
    for (const name of names) expect(name).to.match(/^\.ftps-upload-[a-z0-9.]+$/);
    expect(names[0]).not.to.equal(names[1]);
    expect(names.every(isUploadName)).to.equal(true);
  });

  it('is alive as long as its process is, however long nothing was written', () => {
    expect(isDeadUpload(newUploadName(), 0, now)).to.equal(false);
    expect(isDeadUpload(nameOf({}), 0, now, machine({}))).to.equal(false);
    expect(isDeadUpload(nameOf({ pid: 7, started: '9' }), 0, now, machine({ 7: '9' }))).to.equal(false);
  });

  it('is dead when its process is gone, or another one has its number', () => {
    const name = nameOf({ pid: 7, started: '9' });
    expect(isDeadUpload(name, now, now, machine({}))).to.equal(true);
    expect(isDeadUpload(name, now, now, machine({ 7: '10' }))).to.equal(true);
  });

  it('is dead when the machine was booted since', () => {
    const name = nameOf({ boot: 'earlier' });
    expect(isDeadUpload(name, now - 11 * hour, now, machine({}))).to.equal(true);
    expect(isDeadUpload(name, now - 9 * hour, now, machine({}))).to.equal(false);
  });

  it('of another container or machine is dead after a day without a byte', () => {
    for (const mark of [
      { namespace: 'other', pid: 7 },
      { host: 'other', boot: 'other', pid: 7 },
    ]) {
      expect(isDeadUpload(nameOf(mark), now - 23 * hour, now, machine({})), JSON.stringify(mark)).to.equal(false);
      expect(isDeadUpload(nameOf(mark), now - 25 * hour, now, machine({})), JSON.stringify(mark)).to.equal(true);
    }
  });

  it('that nobody can make sense of is dead after a day, and any other name never', () => {
    expect(isDeadUpload('.ftps-upload-x', now - hour, now, machine({}))).to.equal(false);
    expect(isDeadUpload('.ftps-upload-x', now - 25 * hour, now, machine({}))).to.equal(true);
    expect(isDeadUpload('.profile', 0, now, machine({}))).to.equal(false);
  });

  it('where a system does not tell when a process started, a number in use counts as alive for a day', () => {
    const blind: ProcessView = { ...machine({}), startOf: (pid) => (pid === 7 ? '' : undefined) };
    const name = nameOf({ pid: 7, started: '' });
    expect(isDeadUpload(name, now - hour, now, blind)).to.equal(false);
    expect(isDeadUpload(name, now - 25 * hour, now, blind)).to.equal(true);
    expect(isDeadUpload(nameOf({ pid: 8, started: '' }), now, now, blind)).to.equal(true);
  });
});
