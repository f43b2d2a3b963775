import { expect } from 'chai';
import { prometheusText } from '@ftps-kit/ftps-server';
import { RawFtpClient } from '../../support/raw-ftp-client.js';
import { TestServer } from '../../support/test-server.js';

describe('the metrics of a server', () => {
  it('begin at zero', async () => {
    await using server = await TestServer.start();
    const { gauges, counters } = server.server.metrics();
    const { uptimeSeconds, certificateExpiresAt, ...others } = gauges;
    expect(certificateExpiresAt).to.be.above(Date.now() / 1000);
    expect(uptimeSeconds).to.be.above(0);
    expect(others).to.deep.equal({ connections: 0, sessions: 0, transfers: 0, passivePorts: 0 });
    expect(counters.verdicts).to.deep.equal({ bound: 0, 'full-handshake': 0, foreign: 0, replayed: 0 });
    expect(counters.limits).to.include({ maxConnections: 0, idleTimeoutMs: 0 });
  });

  it('show what is open at this moment', async () => {
    await using server = await TestServer.start();
    await using guest = await RawFtpClient.connect(server);
    await guest.reply();
    await using waiting = await RawFtpClient.loggedIn(server);
    await waiting.extendedPassive();
    await using uploading = await RawFtpClient.loggedIn(server);
    const { channel } = await uploading.openData();
    await uploading.expect(150, 'STOR a.txt');
    const { connections, sessions, transfers, passivePorts } = server.server.metrics().gauges;
    expect({ connections, sessions, transfers, passivePorts }).to.deep.equal({
      ...{ connections: 3, sessions: 2, transfers: 1, passivePorts: 1 },
    });
    channel.destroy();
  });

  it('count logins, transfers by direction, handshakes, verdicts and refusals', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': '0123456789' } });
    await using client = await RawFtpClient.secured(server);
    await client.expect(331, 'USER alice');
    await client.expect(530, 'PASS wrong');
    await client.login();
    for (const line of ['PBSZ 0', 'PROT P', 'TYPE I']) await client.expect(200, line);
    await client.download('RETR a.txt');
    await client.upload('STOR b.txt', 'four');
    const { channel } = await client.openData('none');
    await client.expect(150, 'RETR a.txt');
    expect((await client.reply()).code).to.equal(522);
    channel.destroy();
    const { counters } = server.server.metrics();
    expect(counters).to.deep.include({
      connections: 1,
      logins: { accepted: 1, refused: 1 },
      handshakes: { full: 2, resumed: 2, failed: 0 },
      transfers: { succeeded: 2, failed: 1 },
      bytes: { received: 4, sent: 10 },
      verdicts: { bound: 2, 'full-handshake': 1, foreign: 0, replayed: 0 },
      faults: 0,
    });
    expect(counters.refusals['not-bound']).to.equal(1);
  });

  it('count handshakes that failed', async () => {
    await using server = await TestServer.start();
    const disconnected = server.next('disconnect');
    await using client = await RawFtpClient.connect(server);
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    await client.send('GET / HTTP/1.1\r\n\r\n');
    await disconnected;
    expect(server.server.metrics().counters.handshakes).to.deep.equal({ full: 0, resumed: 0, failed: 1 });
  });

  it('stay as they were when they were asked for', async () => {
    await using server = await TestServer.start();
    const before = server.server.metrics();
    const copy = structuredClone(before);
    await using client = await RawFtpClient.loggedIn(server);
    await client.expect(257, 'PWD');
    expect(before).to.deep.equal(copy);
  });

  it("can be had in Prometheus's text format, each with its help and its type once", async () => {
    await using server = await TestServer.start({ files: { 'a.txt': '0123456789' } });
    await using client = await RawFtpClient.loggedIn(server);
    await client.download('RETR a.txt');
    const lines = prometheusText(server.server.metrics()).split('\n');
    expect(lines).to.include.members([
      '# TYPE ftps_sessions gauge',
      'ftps_sessions 1',
      '# TYPE ftps_data_bytes_total counter',
      'ftps_data_bytes_total{direction="sent"} 10',
      'ftps_data_connection_verdicts_total{verdict="bound"} 1',
      'ftps_limits_total{limit="idleTimeoutMs"} 0',
      'ftps_faults_total 0',
    ]);
    expect(lines.at(-1)).to.equal('');
    // The format's own grammar: https://prometheus.io/docs/instrumenting/exposition_formats/
    const sample = /^[a-z_]+(\{[a-z]+="[A-Za-z-]+"\})? \d+(\.\d+)?$/;
    for (const line of lines.slice(0, -1)) expect(line).to.match(line.startsWith('#') ? /^# (HELP|TYPE) / : sample);
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types).size).to.equal(types.length);
  });
});
