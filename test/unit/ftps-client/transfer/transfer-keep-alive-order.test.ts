import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { ConnectionError, TransferError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { withScriptedClient } from '../../../support/scripted-client.js';
import type { Script, ScriptedPeer } from '../../../support/scripted-server.js';

const features = ['MLST type*;'];
const options = {
  transferKeepAliveMs: 20,
  timeouts: { connectMs: 10_000, tlsMs: 10_000, replyMs: 500, stallMs: 10_000, closeMs: 2_000 },
};

/** What a server says to a listing with NOOPs in its middle. */
interface Interleaving {
  /** NOOPs that have come when the data connection ends. */
  readonly noops: number;
  /** Said to each of them, and to those that come later; undefined: nothing. */
  readonly atOnce?: string;
  /** Said behind the end of the data connection. */
  readonly behind: readonly string[];
  /** Said to NOOPs that came too late to be in `behind`; undefined: nothing. */
  readonly late?: string;
  /** Ends the control connection after that. */
  readonly hangsUp?: boolean;
  /** Says nothing more after that. */
  readonly fallsSilent?: boolean;
  /** What the failure says; undefined: the listing succeeds. */
  readonly failure?: RegExp;
  /** Whether the control connection is lost. */
  readonly isLost?: boolean;
}

const interleavings: Record<string, Interleaving> = {
  'done, NOOP answered at once': { noops: 2, atOnce: '200 ok', behind: ['226 done'] },
  'done, NOOP answered at once with 202': { noops: 1, atOnce: '202 superfluous', behind: ['226 done'] },
  'done with 250, NOOP answered at once': { noops: 1, atOnce: '200 ok', behind: ['250 done'] },
  'done, NOOP answered behind it': { noops: 1, behind: ['226 done', '200 ok'], late: '200 ok' },
  'done, two NOOPs answered behind it': { noops: 2, behind: ['226 done', '200 ok', '200 ok'], late: '200 ok' },
  'done, NOOP refused at once': { noops: 1, atOnce: '500 what?', behind: ['226 done'] },
  'done, NOOP refused behind it': { noops: 1, behind: ['226 done', '500 what?'], late: '500 what?' },
  'done, NOOP never answered': { noops: 1, behind: ['226 done'] },
  'refused with 500, NOOP answered at once': {
    ...{ noops: 1, atOnce: '200 ok', behind: ['500 broken'] },
    failure: /500 broken/,
  },
  'refused with 500, NOOP answered behind it': {
    ...{ noops: 1, behind: ['500 broken', '200 ok'], late: '200 ok' },
    failure: /500 broken/,
  },
  'refused with 501, NOOP answered behind it': {
    ...{ noops: 1, behind: ['501 broken', '200 ok'], late: '200 ok' },
    failure: /501 broken/,
  },
  'refused with 500, NOOP answered behind it with 202': {
    ...{ noops: 1, behind: ['500 broken', '202 superfluous'], late: '202 superfluous' },
    failure: /500 broken/,
  },
  'refused with 500, two NOOPs answered behind it': {
    ...{ noops: 2, behind: ['500 broken', '200 ok', '200 ok'], late: '200 ok' },
    failure: /500 broken/,
  },
  'refused with 500, NOOP refused behind it': {
    ...{ noops: 1, behind: ['500 broken', '500 what?'], late: '500 what?' },
    failure: /500/,
  },
  'refused with 500, NOOP refused at once': {
    ...{ noops: 1, atOnce: '500 what?', behind: ['500 broken'] },
    failure: /500/,
  },
  'refused with 451, NOOP refused at once': {
    ...{ noops: 1, atOnce: '500 what?', behind: ['451 broken'] },
    failure: /451 broken/,
  },
  'refused with 550, NOOP answered behind it': {
    ...{ noops: 1, behind: ['550 broken', '200 ok'], late: '200 ok' },
    failure: /550 broken/,
  },
  'done, NOOP answered at once with 250': { noops: 1, atOnce: '250 ok', behind: ['226 done'] },
  'refused with 451, NOOP answered at once with 250': {
    ...{ noops: 1, atOnce: '250 ok', behind: ['451 broken'] },
    failure: /451 broken/,
  },
  'done with 250, NOOP answered behind it': { noops: 1, behind: ['250 done', '200 ok'], late: '200 ok' },
  'done with 250, NOOP never answered': { noops: 1, behind: ['250 done'], failure: /may be the one to NOOP/ },
  'never answered, NOOP answered at once with 250': {
    ...{ noops: 1, atOnce: '250 ok', behind: [] },
    failure: /may be the one to NOOP/,
  },
  'never answered, NOOP answered at once with 250, and the connection lost': {
    ...{ noops: 1, atOnce: '250 ok', behind: [], hangsUp: true },
    failure: /may be the one to NOOP/,
    isLost: true,
  },
  'never answered, NOOP answered at once with 250, and the server silent': {
    ...{ noops: 1, atOnce: '250 ok', behind: [], fallsSilent: true },
    failure: /may be the one to NOOP/,
    isLost: true,
  },
  'done, and the connection lost with NOOP under way': {
    ...{ noops: 1, behind: ['226 done'], hangsUp: true },
    isLost: true,
  },
  'done, NOOP answered behind it with 450': { noops: 1, behind: ['226 done', '450 busy'], late: '450 busy' },
  'refused with 550, NOOP never answered': { noops: 1, behind: ['550 broken'], failure: /550 broken/ },
  'refused with 500, NOOP never answered': {
    ...{ noops: 1, behind: ['500 broken'] },
    failure: /in time|timed out|timeout/i,
    isLost: true,
  },
  'ended with 200, NOOP answered at once': {
    ...{ noops: 1, atOnce: '200 ok', behind: ['200 done'] },
    failure: /transferKeepAliveMs/,
    isLost: true,
  },
  'refused with 500, and the connection lost': {
    ...{ noops: 1, behind: ['500 broken'], hangsUp: true },
    failure: /./,
    isLost: true,
  },
};

function playing({ noops, atOnce, behind, late = atOnce, hangsUp, fallsSilent }: Interleaving): Script {
  return async (peer) => {
    const data = await peer.passive();
    await peer.on('MLSD', '150 here it comes');
    for (let said = 0; said < noops; said++) await peer.on('NOOP', atOnce);
    await peer.send(data, 'type=file; a\r\n');
    // Whatever was on its way to the client is there, and none of it is waited for.
    await nextTurn();
    await peer.say(behind.map((line) => `${line}\r\n`).join(''));
    if (hangsUp === true) peer.destroy();
    else if (fallsSilent === true) while ((await peer.line()) !== undefined);
    else await answering(peer, { NOOP: late });
  };
}

/** Answers whatever comes up to QUIT, or to the client's going. */
async function answering(peer: ScriptedPeer, others: Record<string, string | undefined>): Promise<void> {
  const answers: Record<string, string | undefined> = {
    ...others,
    FEAT: '211 no features',
    PWD: '257 "/"',
    QUIT: '221 bye',
  };
  for (let line = await peer.line(); line !== undefined; line = await peer.line()) {
    const answer = answers[line];
    if (answer !== undefined) await peer.say(`${answer}\r\n`);
    if (line === 'QUIT') return;
  }
}

/** All that an error says, with what it gives as its cause. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${wordsOf(error.cause)}` : '';
}

/** A source of these pieces that gives the first of them, and what follows once it goes on. */
function pausedSource(pieces: readonly number[]): { bytes(): AsyncGenerator<Uint8Array>; goOn(): void } {
  let goOn: () => void = () => undefined;
  const going = new Promise<void>((resolve) => (goOn = resolve));
  return {
    async *bytes() {
      for (const [at, size] of pieces.entries()) {
        if (at > 0) await going;
        yield Buffer.alloc(size);
      }
      await going;
    },
    goOn: () => {
      goOn();
    },
  };
}

describe('replies to a transfer and to the NOOPs in its middle', () => {
  for (const [title, interleaving] of Object.entries(interleavings)) {
    const { failure, isLost = false } = interleaving;
    const end = `${failure === undefined ? 'succeeds' : 'fails'}${isLost ? ' and loses the login' : ''}`;
    it(`are told apart: a transfer that is ${title} ${end}`, async () => {
      await withScriptedClient({ script: playing(interleaving), features, options }, async (client) => {
        const outcome = await collect(client.list()).then(
          (entries) => entries.map(({ name }) => name),
          (error: unknown) => error,
        );
        if (failure === undefined) expect(outcome).to.deep.equal(['a']);
        else expect(wordsOf(outcome)).to.match(failure);
        expect(client.isOpen).to.equal(!isLost);
        if (!isLost) expect(await client.pwd()).to.equal('/');
      });
    });
  }

  for (const answers of [
    '426 gone\r\n226 aborted\r\n200 ok',
    '426 gone\r\n200 ok\r\n226 aborted',
    '500 gone\r\n200 ok\r\n226 aborted',
  ]) {
    it(`leave the client in step where ABOR comes with a NOOP under way, and they are ${answers.match(/^\d+/gm)?.join(', ')}`, async () => {
      const abort = new AbortController();
      const script: Script = async (peer) => {
        const data = await peer.passive();
        await peer.on('MLSD', '150 here it comes');
        await data.channel();
        await peer.on('NOOP');
        abort.abort();
        await answering(peer, { ABOR: answers, NOOP: undefined });
      };
      await withScriptedClient({ script, features, options }, async (client) => {
        const outcome = await collect(client.list(undefined, { signal: abort.signal })).catch(
          (error: unknown) => error,
        );
        expect(outcome).to.have.property('name', 'AbortedError');
        expect(await client.pwd()).to.equal('/');
      });
    });
  }

  it('are told apart for a download whose first part came', async () => {
    const script: Script = async (peer) => {
      const data = await peer.passive();
      await peer.on('RETR f', '150 here it comes');
      await peer.on('NOOP');
      await peer.send(data, Buffer.alloc(50_000));
      await peer.say('500 broken\r\n200 ok\r\n');
      await answering(peer, { NOOP: '200 ok' });
    };
    await withScriptedClient({ script, features: ['EPSV'], options }, async (client) => {
      const outcome = await client.download('f', new PassThrough().resume()).catch((error: unknown) => error);
      expect(wordsOf(outcome)).to.match(/500 broken/);
      expect(await client.pwd()).to.equal('/');
    });
  });

  it('are told apart for an upload whose bytes the server has', async () => {
    const source = pausedSource([50_000]);
    const script: Script = async (peer) => {
      const data = await peer.passive();
      await peer.on('STOR f', '150 go on');
      await peer.on('NOOP');
      source.goOn();
      const channel = await data.channel();
      while ((await channel.read(Buffer.alloc(100))) > 0);
      await channel.end();
      await peer.say('500 broken\r\n200 ok\r\n');
      await answering(peer, { NOOP: '200 ok' });
    };
    await withScriptedClient({ script, features: ['EPSV'], options }, async (client) => {
      const outcome = await client.upload(source.bytes(), 'f').catch((error: unknown) => error);
      expect(wordsOf(outcome)).to.match(/500 broken/);
      expect(await client.pwd()).to.equal('/');
    });
  });

  it('are no proof of an upload whose bytes still went out when the one to NOOP came, and nothing after that', async () => {
    const source = pausedSource([50_000, 50_000]);
    const script: Script = async (peer) => {
      const data = await peer.passive();
      await peer.on('STOR f', '150 go on');
      await peer.on('NOOP', '250 ok');
      source.goOn();
      const channel = await data.channel();
      while ((await channel.read(Buffer.alloc(10_000))) > 0);
      await channel.end();
      peer.destroy();
    };
    await withScriptedClient({ script, features: ['EPSV'], options }, async (client) => {
      const outcome = await client.upload(source.bytes(), 'f').catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(TransferError).and.include({ resumable: true, bytes: 100_000 });
      expect(outcome).to.have.property('cause').that.is.instanceOf(ConnectionError);
    });
  });
});
