// A wire that carries a client's hello at once, and holds back what the client says behind it until it is let through.
import type { ByteChannel } from '@ftps-kit/tls-core';

export interface FinishedGate {
  /** Lets everything through from now on; resolves when both directions have ended. */
  readonly letThrough: () => Promise<void>;
  readonly letOneByteThrough: () => Promise<void>;
}

/** Relays between a client's TCP connection and a server's. Resolves when the hello is on its way. */
export async function finishedGate(client: ByteChannel, server: ByteChannel): Promise<FinishedGate> {
  const hello = Buffer.alloc(65_536);
  await server.write(Buffer.from(hello.subarray(0, await client.read(hello))));
  const downwards = pipe(server, client);
  // Whoever lets through hears of it.
  downwards.catch(() => undefined);
  return {
    letThrough: async () => {
      await Promise.all([downwards, pipe(client, server)]);
    },
    letOneByteThrough: async () => {
      const byte = Buffer.alloc(1);
      await client.read(byte);
      await server.write(byte);
    },
  };
}

async function pipe(from: ByteChannel, to: ByteChannel): Promise<void> {
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    const count = await from.read(buffer);
    if (count === 0) break;
    await to.write(Buffer.from(buffer.subarray(0, count)));
  }
  await to.end();
}
