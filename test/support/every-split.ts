// Every way to cut some bytes in two or three pieces, and into single bytes: what a network may do to a message.

/** The pieces of each cut: uncut, byte by byte, at every place, and at every pair of places while that is few. */
export function* everySplit(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  yield [bytes];
  yield Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  for (let first = 1; first < bytes.length; first++) {
    yield [bytes.subarray(0, first), bytes.subarray(first)];
    if (bytes.length > 80) continue;
    for (let second = first + 1; second < bytes.length; second++) {
      yield [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
    }
  }
}
