// Replies out of a channel, one at a time, reading no further than it must.
import {
  GrammarError,
  LineFramer,
  ReplyParser,
  decodeText,
  limits,
  type FramedLine,
  type Reply,
  type TextEncoding,
} from '@ftps-kit/ftp-protocol';
import { ConnectionError, TruncationError, type ByteChannel } from '@ftps-kit/tls-core';
import { ProtocolError } from '../errors.js';
import { CONTROL_READ_BYTES } from '../limits.js';

/** The server's half of a control connection. After `next` rejected it has no meaning left. */
export class ReplyReader {
  /** How the server spells text, asked for each line: another login may find out. A path in a reply has to be sent back as it came. */
  encodingNow: () => TextEncoding = () => 'utf-8-or-bytes';
  readonly #channel: ByteChannel;
  readonly #framer = new LineFramer({ maxLineBytes: limits.maxReplyLineBytes });
  readonly #parser = new ReplyParser();
  readonly #buffer = new Uint8Array(CONTROL_READ_BYTES);

  constructor(channel: ByteChannel) {
    this.#channel = channel;
  }

  get encoding(): TextEncoding {
    return this.encodingNow();
  }

  /** Bytes that came behind the last reply given out. */
  get bufferedBytes(): number {
    return this.#framer.bufferedBytes;
  }

  /** The next reply. Rejects with `ProtocolError` for what is none, and with `ConnectionError` at the end. */
  async next(): Promise<Reply> {
    for (;;) {
      const line = this.#framer.next();
      if (line === undefined) {
        await this.#readMore();
        continue;
      }
      // DEVIATION RFC 959 §4.2: some servers put an empty line between two replies.
      if (line.kind === 'line' && line.bytes.length === 0 && !this.#parser.isInsideReply) continue;
      const reply = this.#parse(line);
      if (reply !== undefined) return reply;
    }
  }

  async #readMore(): Promise<void> {
    const count = await this.#channel.read(this.#buffer).catch((cause: unknown) => {
      // For a control connection it is all the same how it was lost: no reply comes any more.
      if (cause instanceof TruncationError) throw new ConnectionError('the control connection was cut', { cause });
      throw cause;
    });
    if (count === 0) throw new ConnectionError('the server closed the control connection');
    this.#framer.push(this.#buffer.subarray(0, count));
  }

  #parse(line: FramedLine): Reply | undefined {
    try {
      return this.#parser.push(line.kind === 'line' ? decodeText(line.bytes, this.encoding) : line);
    } catch (cause) {
      if (!(cause instanceof GrammarError)) throw cause;
      throw new ProtocolError(`what the server sent is no FTP reply: ${cause.message}`, { cause });
    }
  }
}
