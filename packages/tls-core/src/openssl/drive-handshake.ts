// Takes a connection from its first byte to the end of its handshake.
import { handshakeFailure } from '../handshake-failure.js';
import { Status } from './native-binding.js';
import type { RecordLayer } from './record-layer.js';

/**
 * Repeats `step`, which calls into the connection with what the wire has, until it needs no more input; gives its status.
 * Where it fails, sends the alert, closes the connection and throws a typed error.
 */
export async function driveHandshake(
  layer: RecordLayer,
  peer: 'client' | 'server',
  step: () => Status,
): Promise<Status> {
  const { wire } = layer;
  for (;;) {
    const status = layer.settle(step());
    switch (status) {
      case Status.wantInput:
        break;
      case Status.failed:
      case Status.refused:
        throw handshakeFailure(peer, layer.native.takeError());
      case Status.closed:
        throw handshakeFailure(peer);
      case Status.done:
      case Status.earlyDataOver:
        return status;
    }
    while (!wire.hasInput) {
      if (wire.failure !== undefined) throw handshakeFailure(peer, systemErrorIn(wire.failure));
      if (wire.ended) throw handshakeFailure(peer);
      await activity(layer);
    }
  }
}

function activity(layer: RecordLayer): Promise<void> {
  return new Promise((resolve) => {
    layer.wire.onActivity = resolve;
  });
}

function systemErrorIn(failure: Error): Error | undefined {
  return failure.cause instanceof Error ? failure.cause : undefined;
}
