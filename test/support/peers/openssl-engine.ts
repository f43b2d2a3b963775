/** The openssl engine as a peer: it is there where the native binding loads. */
import { selectEngine } from '@ftps-kit/tls-core';
import type { Peer } from './peer.js';

export const opensslEngine = {
  name: 'the openssl engine',
  missing: () => {
    try {
      selectEngine('openssl');
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
} satisfies Peer;
