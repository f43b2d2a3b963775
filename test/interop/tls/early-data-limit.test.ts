// A client that sends more early data than its ticket allows: s_client, with a session file in which the limit was raised.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { HandshakeError, type TlsChannel } from '@ftps-kit/tls-core';
import { readExactly } from '../../support/channel-bytes.js';
import { openssl } from '../../support/peers/openssl.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { startProgram, type RunningProgram } from '../../support/peers/running-program.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TlsListener } from '../../support/tls-listener.js';

/** Both are an INTEGER of two bytes in a session file. */
const LIMIT_BYTES = 0x1000;
const CLAIMED_BYTES = 0x7d00;

/** OpenSSL's SSL_SESSION_ASN1 has the limit of early data in the context-specific field 15. */
function earlyDataField(bytes: number): Buffer {
  return Buffer.from([0xaf, 0x04, 0x02, 0x02, bytes >> 8, bytes & 0xff]);
}

/** The same session, which says of itself that it allows more. */
function withRaisedLimit(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const at = der.indexOf(earlyDataField(LIMIT_BYTES));
  expect(at, 'where the limit is').to.be.above(0);
  earlyDataField(CLAIMED_BYTES).copy(der, at);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN SSL SESSION PARAMETERS-----', ...lines, '-----END SSL SESSION PARAMETERS-----', ''].join('\n');
}

/** A listener with a client logged in, and session files of that login: as it is, and as a liar has it. */
interface Scene {
  readonly listener: TlsListener;
  readonly control: TlsChannel;
  readonly controlClient: RunningProgram;
  /** Connects with early data of that many bytes. */
  readonly connect: (session: 'honest' | 'raised', earlyBytes: number) => Promise<RunningProgram>;
}

async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  await using listener = await TlsListener.start({ maxEarlyDataBytes: LIMIT_BYTES });
  await withTemporaryFolder(async (folder) => {
    const sClient = (...args: readonly string[]): RunningProgram => {
      const target = ['-connect', `${listener.host}:${listener.port}`, '-CAfile', listener.caFile];
      return startProgram(executable('openssl'), ['s_client', ...target, '-verify_return_error', ...args], folder);
    };
    const files = { honest: join(folder, 'honest.pem'), raised: join(folder, 'raised.pem') };
    const programs: RunningProgram[] = [];
    try {
      const controlClient = sClient('-sess_out', files.honest);
      programs.push(controlClient);
      const control = await listener.accept('control');
      await control.write(Buffer.from('220 ready\r\n'));
      await controlClient.shown(/220 ready/);
      await writeFile(files.raised, withRaisedLimit(await readFile(files.honest, 'latin1')));
      const connect = async (session: keyof typeof files, earlyBytes: number): Promise<RunningProgram> => {
        const early = join(folder, `early-${programs.length}`);
        await writeFile(early, 'x'.repeat(earlyBytes));
        const program = sClient('-sess_in', files[session], '-early_data', early);
        programs.push(program);
        return program;
      };
      await work({ listener, control, controlClient, connect });
    } finally {
      for (const program of programs) await program[Symbol.asyncDispose]();
    }
  });
}

describe('a client that sends more early data than its ticket allows', () => {
  before(function () {
    requirePeer(this, openssl, opensslEngine);
  });

  it('is honest up to the last byte of the limit', async () => {
    await withScene(async ({ listener, connect }) => {
      const client = await connect('raised', LIMIT_BYTES);
      const data = await listener.accept('data');
      expect(data.handshake).to.include({ verdict: 'bound', earlyData: 'accepted' });
      expect(data.earlyDataBytes).to.equal(LIMIT_BYTES);
      expect(await readExactly(data, LIMIT_BYTES)).to.have.length(LIMIT_BYTES);
      await client.shown(/Early data was accepted/);
      data.destroy();
    });
  });

  for (const earlyBytes of [LIMIT_BYTES + 1, 20_000]) {
    it(`is refused after ${earlyBytes} bytes, none of which is handed out, and its ticket is spent`, async () => {
      await withScene(async ({ listener, control, controlClient, connect }) => {
        const liar = await connect('raised', earlyBytes);
        const error = await rejection(listener.accept('data'));
        expect(error).to.be.instanceOf(HandshakeError);
        expect(error).to.have.property('message').that.includes('more early data than it was allowed');
        expect(await liar.ended).to.not.equal(0);
        // RFC 8446 §4.2.10: "A server receiving more than max_early_data_size bytes of 0-RTT data SHOULD terminate the
        // connection with an "unexpected_message" alert." Who is still sending then may see only that it was cut.
        if (earlyBytes === LIMIT_BYTES + 1) expect(liar.output()).to.match(/alert unexpected message/);

        // The same ticket, now without a lie: it still binds, and its early data is over.
        const honest = await connect('honest', 100);
        const data = await listener.accept('data');
        expect(data.handshake).to.include({ verdict: 'bound', earlyData: 'rejected' });
        await honest.shown(/Early data was rejected/);
        data.destroy();

        await control.write(Buffer.from('200 still here\r\n'));
        await controlClient.shown(/200 still here/);
      });
    });
  }

  it('is refused also where its early data is not taken at all, and skipped only so far', async () => {
    await withScene(async ({ listener, control, controlClient, connect }) => {
      await connect('honest', 100);
      const first = await listener.accept('data');
      expect(first.handshake).to.include({ earlyData: 'accepted' });
      first.destroy();

      const liar = await connect('raised', 30_000);
      expect(await rejection(listener.accept('data')))
        .to.be.instanceOf(HandshakeError)
        .with.property('message')
        .that.includes('more early data than it was allowed');
      expect(await liar.ended).to.not.equal(0);

      await control.write(Buffer.from('200 still here\r\n'));
      await controlClient.shown(/200 still here/);
    });
  });
});
