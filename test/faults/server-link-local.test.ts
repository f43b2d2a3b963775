// Clients on the same link, whose addresses mean nothing without the zone (RFC 4007) that only this machine knows.
import { expect } from 'chai';
import { acceptData, listenForServer } from '../support/active-data.js';
import { readAll } from '../support/channel-bytes.js';
import { collect } from '../support/collect.js';
import { connectTo } from '../support/own-client.js';
import type { RawFtpClient } from '../support/raw-ftp-client.js';
import { linkLocalLoopback, requireLinkLocal } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

describe('a client with a link-local address', () => {
  const host = linkLocalLoopback();
  let server: TestServer;
  let client: RawFtpClient;

  before(function () {
    requireLinkLocal(this);
  });

  forEachServed(
    'loggedIn',
    (served) => {
      ({ server, client } = served);
    },
    { ...(host !== undefined && { listenHost: host }), active: true, files: { 'a.txt': 'content' } },
  );

  it('is served by EPSV: who connects has the same address, zone and all', async () => {
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content');
    expect((await client.upload('STOR b.txt', 'content')).code).to.equal(226);
    expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound']);
    expect(server.refusals).to.deep.equal([]);
  });

  it('speaks IPv6 by EPSV 2, and not IPv4', async () => {
    await client.expect(229, 'EPSV 2');
    expect((await client.command('EPSV 1')).code).to.equal(522);
    expect((await client.command('PASV')).code).to.equal(425);
  });

  it('is connected to on its own link by EPRT, which has no form for the zone', async () => {
    const [address = ''] = server.host.split('%');
    await using port = await listenForServer(server.host);
    await client.expect(200, `EPRT |2|${address}|${port.port}|`);
    await client.send('RETR a.txt\r\n');
    const { channel } = await acceptData(port, client);
    expect((await readAll(channel)).toString()).to.equal('content');
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([150, 226]);
    channel.destroy();
    // Another host of that link is another host.
    expect((await client.command(`EPRT |2|fe80::dead:beef|${port.port}|`)).code).to.equal(504);
    expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(['bounce']);
  });

  for (const dataConnections of ['passive', 'active'] as const) {
    it(`is our client, with ${dataConnections} data connections`, async () => {
      const tls = { ca: server.caPem, serverName: 'localhost' };
      await using own = await connectTo(server, { tls, dataConnections });
      await own.upload(Buffer.from('from the link'), '/c.txt');
      expect(server.read('c.txt')).to.equal('from the link');
      const names = (await collect(own.list('/'))).map(({ name }) => name);
      expect(names.sort()).to.deep.equal(['a.txt', 'c.txt']);
    });
  }
});
