// What the server says it can do (RFC 2389).

/** By label in upper case, with their parameters; empty where the server does not know FEAT. */
export type Features = ReadonlyMap<string, string>;

/** RFC 2640 §3.2: a server that lists UTF8 takes and gives names in it. */
export function hasUtf8(features: Features): boolean {
  return features.has('UTF8');
}

/** RFC 3659 §7.8: a server that lists MLST has MLSD too; there is no feature line for MLSD, though some send one. */
export function hasMachineListing(features: Features): boolean {
  return features.has('MLST') || features.has('MLSD');
}
