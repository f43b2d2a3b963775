import { expect } from 'chai';
import { ConfigError, ProtocolError, ReplyError, UnsupportedError } from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script, ScriptedPeer } from '../../../support/scripted-server.js';

const quit = (peer: ScriptedPeer): Promise<void> => peer.on('QUIT', '221 bye');
const digest = 'ab'.repeat(32);

describe('the hash of a remote file', () => {
  it('is the best that the server has, or the one that is asked for', async () => {
    const script: Script = async (peer) => {
      await peer.on('OPTS HASH SHA-256', '200 SHA-256');
      await peer.on('HASH /a b', `213-Computing\r\n213 SHA-256 0-5 ${digest} /a b`);
      await peer.on('OPTS HASH MD5', '200 MD5');
      await peer.on('HASH /a', `213 MD5 0-5 ${'CD'.repeat(16)} /a`);
      await peer.on('XCRC "/a b"', '250 1234');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['HASH SHA-1*;SHA-256;MD5', 'XCRC'] }, async (client) => {
      expect(await client.hash('/a b')).to.deep.equal({ algorithm: 'SHA-256', value: digest });
      expect(await client.hash('/a', { algorithm: 'MD5' })).to.deep.equal({ algorithm: 'MD5', value: 'cd'.repeat(16) });
      expect(await client.hash('/a b', { algorithm: 'CRC32' })).to.deep.equal({
        algorithm: 'CRC32',
        value: '00001234',
      });
      expect(await rejection(client.hash('/a', { algorithm: 'SHA-512' }))).to.be.instanceOf(UnsupportedError);
      expect(await rejection(client.hash('/a', { algorithm: 'x' as 'MD5' }))).to.be.instanceOf(ConfigError);
    });
  });

  it('is not that of a part of it', async () => {
    const script: Script = async (peer) => {
      for (const range of ['0-3', '2-5', '0-9']) {
        await peer.on('SIZE /a', '213 6');
        await peer.on('HASH /a', `213 SHA-256 ${range} ${digest} /a`);
      }
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['SIZE', 'HASH SHA-256*'] }, async (client) => {
      expect(await rejection(client.hash('/a'))).to.be.instanceOf(ProtocolError);
      expect(await rejection(client.hash('/a'))).to.be.instanceOf(ProtocolError);
      // It has grown since its size was asked for.
      expect(await client.hash('/a')).to.deep.equal({ algorithm: 'SHA-256', value: digest });
    });
  });

  it('is an error where the server refuses it, or hashes nothing', async () => {
    const script: Script = async (peer) => {
      await peer.on('XSHA256 /a', '550 no such file');
      await quit(peer);
    };
    await withScriptedClient({ script, features: ['XSHA256'] }, async (client) => {
      expect(await rejection(client.hash('/a'))).to.be.instanceOf(ReplyError);
    });
    await withScriptedClient({ script: quit, features: ['SIZE'] }, async (client) => {
      expect(await rejection(client.hash('/a'))).to.be.instanceOf(UnsupportedError);
    });
  });
});
