import { expect } from 'chai';
import { ftps, jsonLines } from '../support/ftps-command.js';

describe('ftps demo', () => {
  it('proves the main job on this machine, as a table and as JSON', async () => {
    const [table, json] = await Promise.all([ftps(['demo']), ftps(['demo', '--json'])]);

    expect(table.code, table.stderr).to.equal(0);
    const lines = table.stdout.split('\n');
    expect(lines[2]).to.match(/^connection +size +rate +protocol +cipher suite +resumed +bound +SHA-256$/);
    expect(lines[3]).to.match(/^control +TLSv1\.3 +TLS_\w+ +full handshake$/);
    for (const name of ['letter.txt', 'photo.bin', 'backup.bin']) {
      for (const direction of ['upload', 'download']) {
        const proofs = / +[\d.]+ k?M?B +[\d.]+ [kMG]?B\/s +TLSv1\.3 +TLS_\w+ +yes, \w+ ticket +yes +the same$/;
        expect(lines.find((line) => line.startsWith(`${direction} ${name} `))).to.match(proofs);
      }
    }
    expect(table.stdout).to.match(/another login's ticket: refused with 522 \(server's verdict: [a-z-]+\)/);

    expect(json.code, json.stderr).to.equal(0);
    const [demonstration, ...others] = jsonLines(json.stdout);
    expect(others).to.be.empty;
    expect(demonstration).to.include({ event: 'demonstration' });
    expect(demonstration?.['theft']).to.include({ refused: true, reply: '522' });
    // Which of the two depends on whether the engine can tell another login's ticket from none.
    expect(demonstration?.['theft']).to.have.property('verdict').oneOf(['foreign', 'full-handshake']);
    const [control, ...transfers] = demonstration?.['connections'] as Record<string, unknown>[];
    expect(control).to.include({ connection: 'control', protocol: 'TLSv1.3', resumed: false });
    expect(transfers).to.have.length(6);
    for (const transfer of transfers) {
      expect(transfer).to.include({ protocol: 'TLSv1.3', resumed: true, verdict: 'bound', intact: true });
    }
    expect(transfers.at(-1)).to.include({ connection: 'download backup.bin', bytes: 100_000_000 });
  });
});
