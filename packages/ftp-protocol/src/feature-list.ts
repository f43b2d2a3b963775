// The reply to FEAT (RFC 2389 §3.2).
import { GrammarError } from './errors.js';
import { encodeReply, type Reply } from './reply.js';
import { ReplyCode } from './reply-codes.js';

// RFC 2389 §3.2: feature = feature-label [ SP feature-parms ], of VCHAR and of TCHAR (VCHAR, space and tab). UTF-8 beyond
// ASCII is not in it.
const featurePattern = /^[!-~]+(?: [\t -~]+)?$/;

/**
 * The features in a reply to FEAT: by label in upper case, their parameters as sent, '' for none. A label that comes in
 * several lines (`AUTH TLS`, `AUTH SSL`) has its parameters joined by `;`. No features for any reply but 211: RFC 2389
 * §3.2 says that this does not mean there are none.
 */
export function parseFeatures(reply: Reply): ReadonlyMap<string, string> {
  const features = new Map<string, string>();
  if (reply.code !== ReplyCode.SystemStatus) return features;
  for (const line of reply.lines.slice(1, -1)) {
    // DEVIATION RFC 2389 §3.2: the one leading space "is not optional"; servers with none, or with several, are read too.
    const feature = line.trim();
    if (feature === '') continue;
    const space = feature.indexOf(' ');
    const label = (space === -1 ? feature : feature.slice(0, space)).toUpperCase();
    const parameters = space === -1 ? '' : feature.slice(space + 1);
    const earlier = features.get(label);
    features.set(label, earlier ? `${earlier};${parameters}` : parameters);
  }
  return features;
}

/**
 * The reply to FEAT, CRLFs included, from lines such as `MDTM` and `REST STREAM`.
 *
 * @throws GrammarError for a line that is no feature.
 */
export function encodeFeatures(features: Iterable<string>): Uint8Array {
  const lines = Array.from(features, (feature) => {
    if (!featurePattern.test(feature)) throw new GrammarError('a feature is a label, a space and parameters, in ASCII');
    // RFC 2389 §3.2: "each feature line in the feature-listing begins with a single space. That space is not optional".
    return ` ${feature}`;
  });
  // RFC 2389 §3.2: 'The "no-features" reply MUST NOT use the multi-line response format'.
  if (lines.length === 0) return encodeReply(ReplyCode.SystemStatus, 'No features');
  return encodeReply(ReplyCode.SystemStatus, ['Features supported', ...lines, 'End']);
}
