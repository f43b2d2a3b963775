import { EventEmitter, once } from 'node:events';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError, ConnectionError } from '@ftps-kit/tls-core';
import { parseClientOptions } from '../../../../packages/ftps-client/src/client-options.js';
import { outgoing } from '../../../../packages/ftps-client/src/control/outgoing-command.js';
import { PRECONNECT } from '../../../../packages/ftps-client/src/limits.js';
import { ReplyError } from '../../../../packages/ftps-client/src/errors.js';
import type { LoginContext } from '../../../../packages/ftps-client/src/login/login-context.js';
import { openLogin } from '../../../../packages/ftps-client/src/login/login-opener.js';
import { ServerTraits } from '../../../../packages/ftps-client/src/login/server-traits.js';
import type { DataConnections, Listening } from '../../../../packages/ftps-client/src/transfer/data-connection.js';
import { HeldDataConnection } from '../../../../packages/ftps-client/src/transfer/held-data-connection.js';
import { LostToOrderError, runTransfer } from '../../../../packages/ftps-client/src/transfer/transfer-attempts.js';
import { TransferMeter } from '../../../../packages/ftps-client/src/transfer/transfer-meter.js';
import { gate } from '../../../support/gate.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type ScriptedPeer } from '../../../support/scripted-server.js';

interface Bounds {
  readonly restMs: number;
  readonly holdMs: number;
  readonly renewals: number;
}

interface Holding {
  readonly held: HeldDataConnection;
  readonly traits: ServerTraits;
  readonly login: LoginContext;
  /** Resolves when the login is lost. */
  readonly lost: Promise<unknown>;
  /** Says a command, and waits for its reply. */
  readonly say: (verb: string) => Promise<unknown>;
}

/** One that holds what the script's server gives, as long as the bounds say. */
async function withHeld(
  {
    wanted,
    bounds,
    script,
  }: { wanted: 'port' | 'connection'; bounds: Bounds; script: (peer: ScriptedPeer) => Promise<void> },
  work: (holding: Holding) => Promise<void>,
): Promise<readonly string[]> {
  const server = await scriptedServer(async (peer) => {
    await peer.login({ features: ['SIZE'] });
    await script(peer);
  });
  const traits = new ServerTraits();
  traits.extendedPassive = 'works';
  const events = new EventEmitter();
  const options = parseClientOptions(await scriptedOptions(server), (name) => events.emit(name));
  const login = await openLogin(options, traits);
  const held = new HeldDataConnection(login, wanted, bounds);
  try {
    const say = (verb: string): Promise<unknown> => login.control.run(outgoing(verb), { timeoutMs: 2_000 });
    await work({ held, traits, login, lost: once(events, 'close'), say });
  } finally {
    login.control.destroy(new ConnectionError('the test is over'));
    await server.close();
  }
  return server.lines.filter((line) => ['EPSV', 'ABOR', 'FEAT', 'NOOP'].includes(line)).slice(1);
}

const LONG = { restMs: 0, holdMs: 60_000, renewals: 0 };

async function letGo(peer: ScriptedPeer): Promise<void> {
  await peer.on('ABOR', '225 no transfer');
  await peer.on('FEAT', '211 no features');
}

describe('what is held ahead of a transfer', () => {
  for (const wanted of ['port', 'connection'] as const) {
    it(`is let go of and asked for again, so often and no more (${wanted})`, async () => {
      const over = gate();
      const ends: Promise<unknown>[] = [];
      const script = async (peer: ScriptedPeer): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const data = await peer.passive();
          if (wanted === 'connection') ends.push(once((await data.socket()).resume(), 'end'));
          await letGo(peer);
        }
        over.open();
      };
      const lines = await withHeld(
        { wanted, bounds: { restMs: 0, holdMs: 5, renewals: 2 }, script },
        async ({ held, traits }) => {
          held.rest();
          await over.opened;
          await held.wake(undefined);
          expect(held.isHolding).to.equal(false);
          expect(await held.take()).to.equal(undefined);
          expect(traits.preconnect.most).to.equal('connection');
          // None of them was left open.
          await Promise.all(ends);
        },
      );
      expect(lines.join(' ')).to.equal('EPSV ABOR FEAT EPSV ABOR FEAT EPSV ABOR FEAT');
    });
  }

  it('is given to no transfer when it is too old', async () => {
    const asked = gate();
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      asked.open();
      await letGo(peer);
    };
    const lines = await withHeld({ wanted: 'port', bounds: { ...LONG, holdMs: 0 }, script }, async ({ held }) => {
      held.rest();
      await asked.opened;
      await held.wake(undefined);
      expect(await held.take()).to.equal(undefined);
    });
    expect(lines.join(' ')).to.equal('EPSV ABOR FEAT');
  });

  it('is not asked for where no data connection was made by then, nor while a call is under way', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('NOOP', '200 ok');
    };
    await withHeld({ wanted: 'port', bounds: LONG, script }, async ({ held, traits, say }) => {
      traits.extendedPassive = 'untried';
      held.rest();
      await delay(20);
      await held.wake(undefined);
      traits.extendedPassive = 'works';
      await say('NOOP');
      expect(held.isHolding).to.equal(false);
    });
  });

  for (const [what, ending, costs] of [
    ['says something of its own', '226 of something', true],
    ['says that it goes', '421 nobody came', true],
    ['is gone', undefined, false],
  ] as const) {
    it(`${costs ? 'is' : 'is not'} what a login was lost to whose server ${what}`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        const data = await peer.passive();
        if (costs) await data.socket();
        if (ending === undefined) peer.destroy();
        else await peer.say(`${ending}\r\n`);
      };
      await withHeld(
        { wanted: costs ? 'connection' : 'port', bounds: LONG, script },
        async ({ held, traits, lost }) => {
          held.rest();
          await lost;
          expect([held.hasCostLogin, held.isHolding]).to.deep.equal([costs, false]);
          expect(traits.preconnect.most).to.equal(costs ? 'port' : 'connection');
        },
      );
    });
  }

  it('is let go of where the transfer that took it never connects', async () => {
    const ended = gate();
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const socket = await (await peer.passive()).socket();
      socket.resume().once('end', () => {
        ended.open();
      });
    };
    await withHeld({ wanted: 'connection', bounds: LONG, script }, async ({ held }) => {
      held.rest();
      while (!held.isHolding) await setImmediate();
      (await held.take())?.close();
      await ended.opened;
    });
  });

  it('sends no transfer over a login that was lost to it, but says that another one may do it', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.say('421 nobody came\r\n');
    };
    await withHeld({ wanted: 'port', bounds: LONG, script }, async ({ held, traits, lost, login }) => {
      traits.commandBehindPassive = 'works';
      held.rest();
      await lost;
      const meter = new TransferMeter({ stallMs: 1_000 });
      const request = { command: outgoing('MLSD'), sends: false, meter, move: () => Promise.resolve() };
      expect(await rejection(runTransfer({ ...login, ahead: held }, request))).to.be.instanceOf(LostToOrderError);
    });
  });

  it('is asked for no more of a server that hangs up when it is let go of', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('ABOR');
      peer.destroy();
    };
    await withHeld({ wanted: 'port', bounds: { ...LONG, holdMs: 0 }, script }, async ({ held, traits, lost }) => {
      held.rest();
      await lost;
      expect([held.hasCostLogin, traits.preconnect.most]).to.deep.equal([true, 'off']);
    });
  });

  it('is not asked for in the pauses of a burst', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (let call = 0; call < 2; call++) await peer.on('NOOP', '200 ok');
    };
    await withHeld({ wanted: 'port', bounds: PRECONNECT, script }, async ({ held, say }) => {
      for (let call = 0; call < 2; call++) {
        held.rest();
        await delay(2);
        await held.wake(undefined);
        await say('NOOP');
      }
    });
  });

  it('is asked for as often again behind another transfer', async () => {
    const overs = [gate(), gate()];
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (const over of overs) {
        for (let round = 0; round < 2; round++) {
          await peer.passive();
          await letGo(peer);
        }
        over.open();
      }
    };
    const bounds = { restMs: 0, holdMs: 5, renewals: 1 };
    await withHeld({ wanted: 'port', bounds, script }, async ({ held }) => {
      for (const over of overs) {
        held.rest();
        await over.opened;
        await held.wake(undefined);
        expect(await held.take()).to.equal(undefined);
      }
    });
  });

  it('is not asked for again where a call comes while it is let go of', async () => {
    const [spoken, woken] = [gate(), gate()];
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('ABOR');
      spoken.open();
      await woken.opened;
      await peer.say('225 no transfer\r\n');
      await peer.on('FEAT', '211 no features');
      await peer.on('NOOP', '200 ok');
    };
    const bounds = { restMs: 0, holdMs: 5, renewals: 5 };
    await withHeld({ wanted: 'port', bounds, script }, async ({ held, say }) => {
      held.rest();
      await spoken.opened;
      const awake = held.wake(undefined);
      woken.open();
      await awake;
      await say('NOOP');
    });
  });

  it('is let go of at rest, and not amid a call, once nothing more may be asked of the server', async () => {
    for (const isAmidCall of [false, true]) {
      const [held, off] = [gate(), gate()];
      const played = async (peer: ScriptedPeer): Promise<void> => {
        await peer.passive();
        held.open();
        if (isAmidCall) await peer.on('NOOP', '200 ok');
        await letGo(peer);
        off.open();
      };
      await withHeld({ wanted: 'port', bounds: LONG, script: played }, async (holding) => {
        holding.held.rest();
        await held.opened;
        while (!holding.held.isHolding) await setImmediate();
        if (isAmidCall) await holding.held.wake(undefined);
        holding.traits.preconnect.lower('off');
        if (isAmidCall) await holding.say('NOOP');
        if (isAmidCall) holding.held.rest();
        await off.opened;
        await holding.held.wake(undefined);
        expect(holding.held.isHolding).to.equal(false);
      });
    }
  });

  for (const command of ['EPSV', 'PASV'] as const) {
    it(`is asked for no more of a server that answers ${command} with 4yz, whoever has asked`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on(command, '425 no port');
      };
      await withHeld({ wanted: 'port', bounds: LONG, script }, async ({ login, traits }) => {
        if (command === 'PASV') traits.extendedPassive = 'useless';
        await rejection(login.data.listen(undefined));
        expect(traits.preconnect.most).to.equal('off');
      });
    });
  }

  for (const ending of ['close', 'letting go', 'an aborted read'] as const) {
    it(`stops connecting on ${ending}`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        if (ending === 'letting go') await letGo(peer);
      };
      await withHeld({ wanted: 'connection', bounds: LONG, script }, async ({ login, traits }) => {
        const begun = gate();
        let stopped: AbortSignal | undefined;
        const listening: Listening = {
          connect: (signal) => {
            stopped = signal;
            begun.open();
            return new Promise(() => undefined);
          },
          close: () => undefined,
        };
        const data = { mayAskAhead: true, listen: () => Promise.resolve(listening) } as unknown as DataConnections;
        const held = new HeldDataConnection({ ...login, data }, 'connection', LONG);
        held.rest();
        await begun.opened;
        await held.wake(undefined);
        if (ending === 'close') held.close();
        else if (ending === 'letting go') {
          traits.preconnect.lower('off');
          held.rest();
          await held.wake(undefined);
        } else {
          const taken = await held.take();
          expect(await rejection(taken?.connect(AbortSignal.abort()) ?? Promise.resolve())).to.be.instanceOf(
            AbortedError,
          );
        }
        expect(stopped?.aborted).to.equal(true);
      });
    });
  }

  for (const word of ['ABOR', 'EPSV']) {
    it(`is no less asked for where the server ends the connection at ${word}, by which it is let go of`, async () => {
      const held = gate();
      const script = async (peer: ScriptedPeer): Promise<void> => {
        const socket = await (await peer.passive()).socket();
        held.open();
        await peer.on(word);
        socket.end();
        await delay(20);
        await peer.say(word === 'ABOR' ? '225 no transfer\r\n' : '229 (|||1|)\r\n');
        if (word === 'ABOR') await peer.on('FEAT', '211 no features');
        await peer.on('NOOP', '200 ok');
      };
      const bounds = word === 'ABOR' ? { ...LONG, holdMs: 0 } : LONG;
      await withHeld({ wanted: 'connection', bounds, script }, async ({ held: ahead, traits, say }) => {
        ahead.rest();
        await held.opened;
        await ahead.wake(undefined);
        if (word === 'EPSV') await ahead.replace(undefined);
        else await ahead.take();
        await say('NOOP');
        expect([ahead.isHolding, traits.preconnect.most]).to.deep.equal([false, 'connection']);
      });
    });
  }

  it('leaves the reason what it was where the login is lost as a transfer asks anew', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.passive();
      await peer.on('EPSV', '421 we close now');
    };
    await withHeld({ wanted: 'port', bounds: LONG, script }, async ({ held }) => {
      held.rest();
      while (!held.isHolding) await setImmediate();
      await held.wake(undefined);
      const error = await rejection(held.replace(undefined));
      expect(error).to.be.instanceOf(ReplyError).with.nested.property('reply.code', 421);
    });
  });
});
