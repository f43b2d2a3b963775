// The public names of @ftps-kit/ftp-protocol: FTP's grammar in both directions, without I/O.
export { GrammarError, LineTooLongError, type GrammarErrorOptions, type GrammarReplyCode } from './errors.js';
export { limits } from './limits.js';
export { decodeText, encodeText, type TextEncoding } from './text-encoding.js';
export { LineFramer, type FramedLine, type LineFramerOptions, type UnfinishedLine } from './line-framer.js';
export { encodeCommand, parseCommand, type Command, type CommandEncodingOptions } from './command.js';
export { ReplyParser, encodeReply, replyKind, type Reply, type ReplyKind, type ReplyParserOptions } from './reply.js';
export { ReplyCode } from './reply-codes.js';
export { addressGroups, ipFamily, isSameAddress, withoutZone, type IpFamily } from './ip-address.js';
export { parseHostName, type HostName } from './host-name.js';
export {
  encodePassiveReply,
  encodePortArgument,
  isPort,
  parsePassiveReply,
  parsePortArgument,
  type HostPort,
} from './host-port.js';
export {
  encodeEprtArgument,
  encodeEpsvArgument,
  encodeExtendedPassiveReply,
  parseEprtArgument,
  parseEpsvArgument,
  parseExtendedPassiveReply,
  type ExtendedPassiveRequest,
} from './extended-port.js';
export {
  isTlsProtectionLevel,
  parseProtectionBufferSize,
  parseProtectionLevel,
  type ProtectionLevel,
  type TlsProtectionLevel,
} from './protection-level.js';
export {
  encodeRepresentationType,
  parseFileStructure,
  parseRepresentationType,
  parseTransferMode,
  type RepresentationType,
  type TransferMode,
} from './transfer-parameters.js';
export { AsciiDecoder, AsciiEncoder } from './ascii-type.js';
export { encodeByteOffset, parseAllocation, parseByteOffset, type Allocation } from './byte-offset.js';
export { encodeByteRange, parseByteRange, type ByteRange } from './byte-range.js';
export { encodeTime, parseTime, type TimeEncodingOptions } from './time-value.js';
export { encodeFacts, encodeMlsxLine, isFactName, parseMlstReply, parseMlsxLine, type MlsxEntry } from './mlsx.js';
export {
  encodeMlstFeature,
  encodeMlstOptions,
  encodeMlstOptionsReply,
  parseMlstFeature,
  parseMlstOptions,
  type MlstFact,
} from './mlst-facts.js';
export { encodeUnixListLine, type UnixListEntry } from './unix-list.js';
export { parseQuotedPath, quotePath, resolvePath } from './pathname.js';
export { encodeFeatures, parseFeatures } from './feature-list.js';
