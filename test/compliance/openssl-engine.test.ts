import { selectEngine } from '@ftps-kit/tls-core';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { tlsEngineCompliance } from './tls-engine.js';

if (opensslEngine.missing() === undefined) {
  tlsEngineCompliance(() => selectEngine('openssl'));
} else {
  describe('the openssl engine', () => {
    it('fulfils the contract of an engine', function () {
      requirePeer(this, opensslEngine);
    });
  });
}
