// What a pump hands over at a time.

export const CHUNK_BYTES = 64 * 1024;
