import { inspect } from 'node:util';
import { expect } from 'chai';
import { ServerBinding, ServerTickets } from '@ftps-kit/tls-core';

const name = (text: string | number): Uint8Array => Buffer.from(String(text));
const session = Buffer.from('top secret');
const atLogin = { atLogin: true };
const later = { atLogin: false };

describe("a server's tickets", () => {
  it('are found where they were issued, and say whether it is the first time', () => {
    const tickets = new ServerTickets();
    tickets.issue(name('a'), session, atLogin);
    expect(tickets.redeem(name('a'))).to.deep.equal({ outcome: 'redeemed', session, first: true });
    expect(tickets.redeem(name('a'))).to.deep.equal({ outcome: 'redeemed', session, first: false });
    expect(tickets.redeem(name('b'))).to.deep.equal({ outcome: 'foreign' });
  });

  it('are spent by their first redemption under once, and known to be', () => {
    const tickets = new ServerTickets({ redeem: 'once' });
    tickets.issue(name('a'), session, later);
    expect(tickets.redeem(name('a')).outcome).to.equal('redeemed');
    expect(tickets.redeem(name('a')).outcome).to.equal('replayed');
    expect(tickets.size).to.equal(0);
  });

  it('that are TLS 1.2 sessions serve any number of times even under once', () => {
    const tickets = new ServerTickets({ redeem: 'once' });
    tickets.issue(name('a'), session, { atLogin: true, reusable: true });
    expect([tickets.redeem(name('a')).outcome, tickets.redeem(name('a')).outcome]).to.deep.equal([
      'redeemed',
      'redeemed',
    ]);
  });

  it('of the login stay; of the later ones the newest do', () => {
    const tickets = new ServerTickets({ laterCapacity: 2 });
    tickets.issue(name('login'), session, atLogin);
    for (const n of [1, 2, 3]) tickets.issue(name(n), session, later);
    const outcomes = ['login', 1, 2, 3].map((each) => tickets.redeem(name(each)).outcome);
    expect(outcomes).to.deep.equal(['redeemed', 'foreign', 'redeemed', 'redeemed']);
  });

  it('are foreign when their time is over', () => {
    let now = 0;
    const tickets = new ServerTickets({ lifetimeSeconds: 10, clock: () => now });
    tickets.issue(name('a'), session, atLogin);
    now = 10_000;
    expect(tickets.redeem(name('a')).outcome).to.equal('foreign');
    expect(tickets.size).to.equal(0);
  });

  it('show no session in inspect', () => {
    const tickets = new ServerTickets();
    tickets.issue(name('a'), session, atLogin);
    expect(inspect(tickets, { depth: 9 }))
      .to.include('size: 1')
      .and.not.include('secret');
  });
});

describe("a server's binding", () => {
  it('gives each of the four verdicts', () => {
    const binding = new ServerBinding();
    expect(binding.judge({ resumed: true })).to.equal('bound');
    expect(binding.judge({ resumed: false })).to.equal('full-handshake');
    expect(binding.judge({ resumed: false, refusedTicket: 'foreign' })).to.equal('foreign');
    expect(binding.judge({ resumed: false, refusedTicket: 'replayed' })).to.equal('replayed');
  });

  it('binds nothing once its control connection is over, and keeps no ticket', () => {
    const binding = new ServerBinding();
    binding.tickets.issue(name('a'), session, atLogin);
    binding.close();
    expect(binding.judge({ resumed: true })).to.equal('foreign');
    expect(binding.tickets.redeem(name('a')).outcome).to.equal('foreign');
    expect(inspect(binding)).to.include('closed: true');
  });
});
