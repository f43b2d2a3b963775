import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { NoFreePortError, PassivePorts, type PassivePort } from '../../../packages/ftps-server/src/passive-ports.js';
import { rejection } from '../../support/rejection.js';

/** The first of `count` ports in a row that are free at this moment. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const first = portOf(probe);
    probe.close();
    const others = await Promise.all(
      Array.from({ length: count - 1 }, (_, index) => {
        const listener = net.createServer().listen(first + 1 + index, '127.0.0.1');
        return once(listener, 'listening').then(
          () => listener,
          () => undefined,
        );
      }),
    );
    for (const listener of others) listener?.close();
    if (others.every((listener) => listener !== undefined)) return first;
  }
}

function portOf(listener: net.Server): number {
  return (listener.address() as net.AddressInfo).port;
}

describe('passive ports', () => {
  const open: Pick<PassivePort, 'close'>[] = [];

  afterEach(() => {
    for (const port of open.splice(0)) port.close();
  });

  /** More than any test here opens. */
  const plenty = { maxPassivePorts: 100, maxPassivePortsPerAddress: 100 };
  const twoEach = { ...plenty, maxPassivePortsPerAddress: 2 };

  /** The limit that leaves no port. */
  async function lack(ports: PassivePorts, client = '192.0.2.1'): Promise<string | undefined> {
    const error = await rejection(ports.listen('127.0.0.1', client));
    return error instanceof NoFreePortError ? error.limit : undefined;
  }

  async function listen(ports: PassivePorts, client = '192.0.2.1'): Promise<number> {
    const port = await ports.listen('127.0.0.1', client);
    open.push(port);
    return portOf(port.listener);
  }

  it('are any free ones without a range', async () => {
    const ports = new PassivePorts(undefined, plenty);
    const [first, second] = [await listen(ports), await listen(ports)];
    expect(first).to.be.above(0);
    expect(second).not.to.equal(first);
  });

  it('are taken from the range in turn, so that one that was closed rests', async () => {
    const first = await freeRange(3);
    const ports = new PassivePorts([first, first + 2], plenty);
    expect(await listen(ports)).to.equal(first);
    open.pop()?.close();
    expect(await listen(ports)).to.equal(first + 1);
    expect(await listen(ports, '192.0.2.2')).to.equal(first + 2);
    expect(await listen(ports, '192.0.2.3')).to.equal(first);
  });

  it('pass over one that somebody else has', async () => {
    const first = await freeRange(2);
    const other = net.createServer().listen(first, '127.0.0.1');
    open.push(other);
    await once(other, 'listening');
    expect(await listen(new PassivePorts([first, first + 1], plenty))).to.equal(first + 1);
  });

  it('run out, and come back', async () => {
    const first = await freeRange(1);
    const ports = new PassivePorts([first, first], plenty);
    await listen(ports);
    expect(await lack(ports, '192.0.2.2')).to.equal('maxPassivePorts');
    open.pop()?.close();
    expect(await listen(ports)).to.equal(first);
  });

  it('cannot be had at an address that is not of this machine, which is no lack of ports', async () => {
    const error = await rejection(new PassivePorts([40_000, 40_001], plenty).listen('192.0.2.1', '127.0.0.1'));
    expect(error).not.to.be.instanceOf(NoFreePortError);
    expect(error).to.have.property('code', 'EADDRNOTAVAIL');
  });

  it('are shared: one address has no more than its number at a time, whatever is free', async () => {
    const ports = new PassivePorts(undefined, twoEach);
    await listen(ports);
    await listen(ports);
    expect(await lack(ports)).to.equal('maxPassivePortsPerAddress');
    await listen(ports, '192.0.2.2');
    expect(ports.inUse).to.equal(3);
    open.shift()?.close();
    await listen(ports);
  });

  it('are shared: one address never has more than half of a range', async () => {
    const first = await freeRange(4);
    const ports = new PassivePorts([first, first + 3], plenty);
    await listen(ports);
    await listen(ports);
    expect(await lack(ports)).to.equal('maxPassivePortsPerAddress');
    await listen(ports, '192.0.2.2');
    await listen(ports, '192.0.2.2');
    expect(await lack(ports, '192.0.2.3')).to.equal('maxPassivePorts');
  });

  it('are shared: all addresses of one /64 of IPv6 have the share of one', async () => {
    const ports = new PassivePorts(undefined, twoEach);
    await listen(ports, '2001:db8:0:7::1');
    await listen(ports, '2001:db8:0:7:ffff::2');
    expect(await lack(ports, '2001:db8:0:7::3')).to.equal('maxPassivePortsPerAddress');
    await listen(ports, '2001:db8:0:8::1');
  });

  it('are no more than their number in all, whoever they are for', async () => {
    const ports = new PassivePorts(undefined, { ...plenty, maxPassivePorts: 2 });
    await listen(ports, '192.0.2.1');
    await listen(ports, '192.0.2.2');
    expect(await lack(ports, '192.0.2.3')).to.equal('maxPassivePorts');
    open.shift()?.close();
    await listen(ports, '192.0.2.3');
  });

  it('are counted once, however often they are closed, and not at all where none could be had', async () => {
    const ports = new PassivePorts(undefined, twoEach);
    await listen(ports);
    await listen(ports);
    for (let times = 0; times < 3; times += 1) open[0]?.close();
    await listen(ports);
    expect(await lack(ports)).to.equal('maxPassivePortsPerAddress');
    await rejection(ports.listen('192.0.2.1', '192.0.2.9'));
    expect(ports.inUse).to.equal(2);
  });

  it('survive an accept that fails', async () => {
    const port = await new PassivePorts(undefined, plenty).listen('127.0.0.1', '192.0.2.1');
    open.push(port);
    expect(port.listener.emit('error', new Error('accept EMFILE'))).to.equal(true);
  });
});
