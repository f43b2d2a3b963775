import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ConnectionError } from '@ftps-kit/tls-core';
import { parseClientOptions } from '../../../../packages/ftps-client/src/client-options.js';
import { outgoing } from '../../../../packages/ftps-client/src/control/outgoing-command.js';
import type { LoginContext } from '../../../../packages/ftps-client/src/login/login-context.js';
import { openLogin } from '../../../../packages/ftps-client/src/login/login-opener.js';
import { ServerTraits } from '../../../../packages/ftps-client/src/login/server-traits.js';
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
          expect(traits.preconnect).to.equal('connection');
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
          expect(traits.preconnect).to.equal(costs ? 'port' : 'connection');
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
      expect([held.hasCostLogin, traits.preconnect]).to.deep.equal([true, 'off']);
    });
  });
});
