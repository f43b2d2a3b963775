// A TCP connection that ends by RST, as when a machine or a network goes away.
import type net from 'node:net';

/**
 * Sends RST and nothing before it. `socket.resetAndDestroy()` ends the stream first, and that FIN looks like the end of a
 * file to a peer that cannot see close_notify.
 */
export function resetConnection(socket: net.Socket): void {
  // What resetAndDestroy() sets too: destroy() then resets the handle where it would close it. A handle that has sent FIN,
  // or is not connected yet, cannot be reset, and would stay open.
  if (!socket.writableEnded && !socket.connecting) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
