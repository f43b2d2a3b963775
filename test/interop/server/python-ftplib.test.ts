// Python's ftplib against our server: with the session of the control connection it is served, without it is refused.
import { expect } from 'chai';
import type { ControlMode } from '@ftps-kit/ftps-server';
import { requirePeer } from '../../support/peers/peer.js';
import { pythonFtplib, type PythonStep } from '../../support/peers/python-ftplib.js';
import { TestServer } from '../../support/test-server.js';

const steps = [['nlst'], ['list'], ['mlsd'], ['stor', 'up.bin', 300_000], ['retr', 'up.bin'], ['pwd']] as const;

describe('Python ftplib', () => {
  before(function () {
    requirePeer(this, pythonFtplib);
  });

  for (const mode of ['explicit', 'implicit'] satisfies ControlMode[]) {
    for (const versions of ['1.3', '1.2'] as const) {
      it(`with session= lists, uploads and downloads, ${mode}, TLS ${versions}, all resumed and bound`, async () => {
        await using server = await TestServer.start({ mode, versions, files: { 'a.txt': 'a' } });
        const output = await pythonFtplib.run(server, steps, { mode: 'session' });
        expect(output.code, output.stdout + output.stderr).to.equal(0);
        expect(pythonFtplib.resumptions(output)).to.equal(5);
        const [sent, got] = output.lines.filter(({ sha256 }) => sha256 !== undefined);
        expect(got?.sha256).to.be.a('string').and.equal(sent?.sha256);
        expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(5).fill('bound'));
        for (const { handshake } of server.transfers) expect(handshake?.protocol).to.equal(`TLSv${versions}`);
      });
    }
  }

  it('with session= does a whole day of work on one control connection, passive and active', async () => {
    await using server = await TestServer.start({ active: true });
    const work = (folder: string): readonly PythonStep[] => [
      ['mkd', folder],
      ['cwd', folder],
      ['stor', 'größer 1.bin', 300_000],
      ['size', 'größer 1.bin'],
      ['retr', 'größer 1.bin', 299_000],
      ['appe', 'größer 1.bin', 1_000],
      ['rename', 'größer 1.bin', 'b.bin'],
      ['nlst'],
      ['mlsd'],
      ['list'],
      ['retr', 'b.bin'],
      ['delete', 'b.bin'],
      ['cwd', '..'],
      ['rmd', folder],
    ];
    const steps = [...work('passive'), ['active'] as const, ...work('active')];
    const output = await pythonFtplib.run(server, steps, { mode: 'session' });
    expect(output.code, output.stdout + output.stderr).to.equal(0);
    const told = (step: string): readonly unknown[] =>
      output.lines.filter((line) => line.step === step).map(({ bytes, lines }) => bytes ?? lines);
    expect(told('size')).to.deep.equal([300_000, 300_000]);
    expect(told('retr')).to.deep.equal([1_000, 301_000, 1_000, 301_000]);
    for (const listing of [...told('nlst'), ...told('mlsd')]) expect(listing).to.deep.equal(['b.bin']);
    expect(server.names()).to.deep.equal([]);
    expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(14).fill('bound'));
    expect(server.logins).to.have.length(1);
  });

  for (const versions of ['1.3', '1.2'] as const) {
    it(`as it comes gets 522 under TLS ${versions}, nothing is created, and its session lives on`, async () => {
      await using server = await TestServer.start({ versions, files: { 'a.txt': 'a' } });
      for (const step of [['retr', 'a.txt'], ['nlst'], ['stor', 'new.bin', 1000]] as const) {
        const { lines } = await pythonFtplib.run(server, [step], { mode: 'stock' });
        const refused = lines.find((line) => line.step === step[0]);
        expect(refused?.message, JSON.stringify(lines)).to.match(/^522.*not resumed/s);
        expect(refused?.sessionReused).to.equal(false);
        expect(lines.find((line) => line.step === 'pwd')?.ok).to.equal(true);
      }
      expect(server.transfers.map(({ replyCode }) => replyCode)).to.deep.equal([522, 522, 522]);
      expect(server.names()).to.deep.equal(['a.txt']);
    });

    it(`as it comes is served under binding: allow and TLS ${versions}, and the server records it`, async () => {
      await using server = await TestServer.start({ versions, binding: 'allow', files: { 'a.txt': 'a' } });
      const output = await pythonFtplib.run(server, steps, { mode: 'stock' });
      expect(output.code, output.stdout + output.stderr).to.equal(0);
      expect(pythonFtplib.resumptions(output)).to.equal(0);
      expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(5).fill('full-handshake'));
      expect(server.bytes('up.bin')).to.have.length(300_000);
    });
  }
});
