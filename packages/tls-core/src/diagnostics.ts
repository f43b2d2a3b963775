// What tls-core publishes on node:diagnostics_channel, for whoever watches a process from outside.
import diagnosticsChannel from 'node:diagnostics_channel';
import type { HandshakeSummary } from './tls-channel.js';

/** Published after each completed handshake. */
export interface HandshakeMessage {
  readonly engine: string;
  readonly side: 'client' | 'server';
  readonly handshake: HandshakeSummary;
  readonly durationMs: number;
}

/** Name of the channel that gets a `HandshakeMessage` a completed handshake. */
export const HANDSHAKE_CHANNEL = 'ftps-kit:tls:handshake';

const handshakes = diagnosticsChannel.channel(HANDSHAKE_CHANNEL);

export function publishHandshake(message: HandshakeMessage): void {
  if (handshakes.hasSubscribers) handshakes.publish(message);
}
