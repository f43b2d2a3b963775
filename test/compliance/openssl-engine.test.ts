import { expect } from 'chai';
import { selectEngine } from '@ftps-kit/tls-core';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { tlsEngineCompliance } from './tls-engine.js';

if (opensslEngine.missing() === undefined) {
  tlsEngineCompliance(() => selectEngine('openssl'));

  describe('the openssl engine', () => {
    it('declares all that an engine can have, so that no test of it is passed over', () => {
      const lacks = Object.entries(selectEngine('openssl').capabilities).filter(([, has]) => !has);
      expect(lacks).to.deep.equal([]);
    });
  });
} else {
  describe('the openssl engine', () => {
    it('fulfils the contract of an engine', function () {
      requirePeer(this, opensslEngine);
    });
  });
}
