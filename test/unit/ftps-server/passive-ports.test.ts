import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { NoFreePortError, PassivePorts } from '../../../packages/ftps-server/src/passive-ports.js';
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
  const open: net.Server[] = [];

  afterEach(() => {
    for (const listener of open.splice(0)) listener.close();
  });

  async function listen(ports: PassivePorts): Promise<number> {
    const listener = await ports.listen('127.0.0.1');
    open.push(listener);
    return portOf(listener);
  }

  it('are any free ones without a range', async () => {
    const ports = new PassivePorts(undefined);
    const [first, second] = [await listen(ports), await listen(ports)];
    expect(first).to.be.above(0);
    expect(second).not.to.equal(first);
  });

  it('are taken from the range in turn, so that one that was closed rests', async () => {
    const first = await freeRange(3);
    const ports = new PassivePorts([first, first + 2]);
    expect(await listen(ports)).to.equal(first);
    open.pop()?.close();
    expect(await listen(ports)).to.equal(first + 1);
    expect(await listen(ports)).to.equal(first + 2);
    expect(await listen(ports)).to.equal(first);
  });

  it('pass over one that somebody else has', async () => {
    const first = await freeRange(2);
    const other = net.createServer().listen(first, '127.0.0.1');
    open.push(other);
    await once(other, 'listening');
    expect(await listen(new PassivePorts([first, first + 1]))).to.equal(first + 1);
  });

  it('run out, and come back', async () => {
    const first = await freeRange(1);
    const ports = new PassivePorts([first, first]);
    await listen(ports);
    expect(await rejection(ports.listen('127.0.0.1'))).to.be.instanceOf(NoFreePortError);
    open.pop()?.close();
    expect(await listen(ports)).to.equal(first);
  });

  it('cannot be had at an address that is not of this machine, which is no lack of ports', async () => {
    const error = await rejection(new PassivePorts([40_000, 40_001]).listen('192.0.2.1'));
    expect(error).not.to.be.instanceOf(NoFreePortError);
    expect(error).to.have.property('code', 'EADDRNOTAVAIL');
  });

  it('survive an accept that fails', async () => {
    const listener = await new PassivePorts(undefined).listen('127.0.0.1');
    open.push(listener);
    expect(listener.emit('error', new Error('accept EMFILE'))).to.equal(true);
  });
});
