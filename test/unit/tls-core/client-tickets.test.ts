import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClientBinding, ClientTickets, NotResumedError, Ticket, type TicketFacts } from '@ftps-kit/tls-core';

function ticket(facts: Partial<TicketFacts> = {}): Ticket {
  return new Ticket({
    session: Buffer.from('top secret'),
    protocol: 'TLSv1.3',
    source: 'control',
    receivedAt: 0,
    lifetimeSeconds: 100,
    ...facts,
  });
}

describe("a client's tickets", () => {
  it('of TLS 1.3 are handed out once each, the newest first', () => {
    const tickets = new ClientTickets({ clock: () => 0 });
    const [first, second] = [ticket(), ticket()];
    tickets.insert(first);
    tickets.insert(second);
    expect([tickets.takeOnce(), tickets.takeOnce(), tickets.takeOnce()]).to.deep.equal([second, first, undefined]);
  });

  it('of TLS 1.2 stay, since such a session may be resumed any number of times', () => {
    const tickets = new ClientTickets({ clock: () => 0 });
    const session = ticket({ protocol: 'TLSv1.2' });
    tickets.insert(session);
    expect([tickets.takeOnce(), tickets.takeOnce()]).to.deep.equal([session, session]);
  });

  it('are forgotten when their time is over', () => {
    let now = 0;
    const tickets = new ClientTickets({ clock: () => now });
    tickets.insert(ticket());
    now = 99_999;
    expect(tickets.size).to.equal(1);
    now = 100_000;
    expect(tickets.size).to.equal(0);
    expect(tickets.takeOnce()).to.equal(undefined);
  });

  it('live 7 days at most, whatever the server announces (RFC 8446 §4.6.1)', () => {
    const week = 7 * 86_400;
    expect(ticket({ lifetimeSeconds: 10 * week }).expiresAt).to.equal(week * 1000);
    expect(ticket({ lifetimeSeconds: undefined }).expiresAt).to.equal(week * 1000);
  });

  it('are bounded: the oldest falls out', () => {
    const tickets = new ClientTickets({ capacity: 2, clock: () => 0 });
    const all = [ticket(), ticket(), ticket()];
    for (const each of all) tickets.insert(each);
    expect([tickets.takeOnce(), tickets.takeOnce(), tickets.takeOnce()]).to.deep.equal([all[2], all[1], undefined]);
  });

  it('show their session neither in inspect nor in JSON', () => {
    const one = ticket();
    for (const text of [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one)]) {
      expect(text).to.include('control').and.not.include('secret').and.not.include('746f7020736563726574');
    }
  });
});

describe("a client's binding without an unused ticket", () => {
  const emptied = (whenEmpty: 'reuse-last' | 'full-handshake' | 'fail', clock: () => number): ClientBinding => {
    const binding = new ClientBinding({ whenEmpty, clock });
    binding.tickets.insert(ticket());
    binding.ticketForDataConnection();
    return binding;
  };

  it('presents the last one again, by default', () => {
    const binding = new ClientBinding({ clock: () => 0 });
    const only = ticket();
    binding.tickets.insert(only);
    expect([binding.ticketForDataConnection(), binding.ticketForDataConnection()]).to.deep.equal([only, only]);
  });

  it('never presents one whose time is over', () => {
    let now = 0;
    const binding = emptied('reuse-last', () => now);
    now = 100_000;
    expect(binding.ticketForDataConnection()).to.equal(undefined);
  });

  it('does a full handshake, or fails, when told so', () => {
    expect(emptied('full-handshake', () => 0).ticketForDataConnection()).to.equal(undefined);
    expect(() => emptied('fail', () => 0).ticketForDataConnection()).to.throw(NotResumedError, /too few/);
  });

  it('spares the last ticket of the control connection for the next one when told so, and presents a used one', () => {
    const binding = new ClientBinding({ sparesLast: true, clock: () => 0 });
    const [first, second, ofData] = [ticket(), ticket(), ticket({ source: 'data' })];
    binding.trust = { scope: '', peerCertificates: [], trustedUntil: 1 };
    for (const each of [first, second]) binding.tickets.insert(each);
    expect([1, 2].map(() => binding.ticketForDataConnection())).to.deep.equal([second, second]);
    binding.tickets.insert(ofData);
    expect([1, 2].map(() => binding.ticketForDataConnection())).to.deep.equal([ofData, ofData]);
    expect(binding.takeForNextConnect().map((kept) => kept.ticket)).to.deep.equal([first]);
    expect(binding.takeForNextConnect()).to.deep.equal([]);
  });

  it('spares none that it needs: the only one, or the last where none may be presented again', () => {
    for (const whenEmpty of ['reuse-last', 'full-handshake', 'fail'] as const) {
      const binding = new ClientBinding({ sparesLast: true, whenEmpty, clock: () => 0 });
      const only = ticket();
      binding.tickets.insert(only);
      expect(binding.ticketForDataConnection(), whenEmpty).to.equal(only);
    }
    const strict = new ClientBinding({ sparesLast: true, whenEmpty: 'fail', clock: () => 0 });
    const both = [ticket(), ticket()];
    for (const each of both) strict.tickets.insert(each);
    expect([1, 2].map(() => strict.ticketForDataConnection())).to.deep.equal([...both].reverse());
  });

  it('has nothing to leave to the next connect where nobody knows why the server is trusted', () => {
    const binding = new ClientBinding({ clock: () => 0 });
    binding.tickets.insert(ticket());
    expect(binding.takeForNextConnect()).to.deep.equal([]);
  });

  it('has nothing once it is closed', () => {
    const binding = emptied('reuse-last', () => 0);
    binding.close();
    expect(binding.ticketForDataConnection()).to.equal(undefined);
  });
});
