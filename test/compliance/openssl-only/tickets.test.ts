// How many tickets there are, what each is good for, and how often.
import { expect } from 'chai';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { controlConnection, endBoth, handshake, newBindings } from '../tls-engine.js';
import { greet, sidesOf } from './openssl-sides.js';

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('tickets', () => {
    for (const loginTickets of [0, 1, 5]) {
      it(`sends ${loginTickets} at login when told so, and another whenever it is told to`, async () => {
        const sides = await sidesOf({ loginTickets });
        const bindings = newBindings(sides);
        const control = await controlConnection(sides, bindings);
        expect(bindings.client.tickets.size).to.equal(loginTickets);
        await control.server.issueTicket();
        await greet(control);
        expect(bindings.client.tickets.size).to.equal(loginTickets + 1);
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict).to.equal('bound');
        await endBoth(data);
        expect(bindings.client.tickets.size).to.equal(loginTickets);
        await endBoth(control);
      });
    }

    it('tells listeners of each ticket as it comes, until they stop listening', async () => {
      const sides = await sidesOf({ loginTickets: 0 });
      const control = await controlConnection(sides, newBindings(sides));
      const lifetimes: (number | undefined)[] = [];
      const stop = control.client.onTicket((ticket) => lifetimes.push(ticket.lifetimeSeconds));
      await control.server.issueTicket();
      await greet(control);
      stop();
      await control.server.issueTicket();
      await greet(control);
      expect(lifetimes).to.deep.equal([604_800]);
      await endBoth(control);
    });

    it('redeems a ticket once when told so, and tells a spent one from a foreign one', async () => {
      const sides = await sidesOf({ redeem: 'once', loginTickets: 1 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const first = await handshake(sides, bindings, 'data');
      expect(first.server.handshake.verdict).to.equal('bound');
      const second = await handshake(sides, bindings, 'data');
      expect(second.server.handshake.verdict).to.equal('replayed');
      expect(second.client.handshake.resumed).to.equal(false);
      for (const pair of [first, second, control]) await endBoth(pair);
    });

    it('redeems once also where the client has to say hello a second time (RFC 8446 §4.1.4)', async () => {
      const sides = await sidesOf({ redeem: 'once', groups: ['X25519'] }, { groups: ['P-256', 'X25519'] });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const data = await handshake(sides, bindings, 'data');
      expect(data.server.handshake.verdict).to.equal('bound');
      expect(data.client.handshake.group).to.equal('X25519');
      expect(data.server.handshake.group).to.equal('X25519');
      for (const pair of [data, control]) await endBoth(pair);
    });

    it('lets a TLS 1.2 session serve all files under once: there is only one', async () => {
      const sides = await sidesOf({ redeem: 'once', versions: '1.2' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      for (let file = 0; file < 3; file += 1) {
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict).to.equal('bound');
        await endBoth(data);
      }
      await control.server.issueTicket();
      await endBoth(control);
    });

    for (const versions of ['1.2', '1.3'] as const) {
      it(`gives a stranger's data connection nothing that could vouch for its next one (TLS ${versions})`, async () => {
        const sides = await sidesOf({ versions });
        const bindings = newBindings(sides);
        const control = await controlConnection(sides, bindings);
        const stranger = { client: sides.connector.newBinding(), server: bindings.server };
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const data = await handshake(sides, stranger, 'data');
          await greet(data);
          expect(data.server.handshake.verdict).to.equal('full-handshake');
          expect(stranger.client.tickets.size).to.equal(0);
          await endBoth(data);
        }
        await endBoth(control);
      });
    }

    it('does not take the random session id of a TLS 1.3 client for a foreign ticket (RFC 8446 §D.4)', async () => {
      const sides = await sidesOf({ versions: '1.2' }, { versions: '1.2+1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const stranger = { client: sides.connector.newBinding(), server: bindings.server };
      const data = await handshake(sides, stranger, 'data');
      expect(data.server.handshake.verdict).to.equal('full-handshake');
      for (const pair of [data, control]) await endBoth(pair);
    });
  });
});
