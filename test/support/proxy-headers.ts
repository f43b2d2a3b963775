// PROXY protocol headers as proxies write them (HAProxy's proxy-protocol.txt).

export interface Tcp {
  readonly client: string;
  readonly reached: string;
  readonly clientPort: number;
  readonly reachedPort: number;
}

export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Version 1, for either family. */
export function lineHeader({ client, reached, clientPort, reachedPort }: Tcp): Buffer {
  const protocol = client.includes(':') ? 'TCP6' : 'TCP4';
  return Buffer.from(`PROXY ${protocol} ${client} ${reached} ${clientPort} ${reachedPort}\r\n`);
}

/** Version 2; `address` is the block of addresses and ports, as bytes. */
export function binaryHeader({
  versionAndCommand = 0x21,
  family = 0x11,
  address = Buffer.alloc(0),
  tlvs = Buffer.alloc(0),
}: {
  readonly versionAndCommand?: number;
  readonly family?: number;
  readonly address?: Uint8Array;
  readonly tlvs?: Uint8Array;
}): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, 0, 0]);
  fixed.writeUInt16BE(address.length + tlvs.length, 2);
  return Buffer.concat([SIGNATURE, fixed, address, tlvs]);
}

/** The address block of TCP over IPv4. */
export function ipv4Block({ client, reached, clientPort, reachedPort }: Tcp): Buffer {
  const block = Buffer.alloc(12);
  block.set(client.split('.').map(Number), 0);
  block.set(reached.split('.').map(Number), 4);
  block.writeUInt16BE(clientPort, 8);
  block.writeUInt16BE(reachedPort, 10);
  return block;
}
