import { Readable } from 'node:stream';
import { expect } from 'chai';
import { FtpsClient, FtpsPool, LoginError, ServerMemory, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script, type ScriptedPeer } from '../../../support/scripted-server.js';
import { TestServer } from '../../../support/test-server.js';

const nowhere = { write: () => Promise.resolve(), commit: () => Promise.resolve(), discard: () => Promise.resolve() };
const now = { attempts: 5, wait: () => Promise.resolve() };

const refuses =
  (text: string): Script =>
  async (peer) => {
    await peer.say('220 scripted\r\n');
    await peer.on('USER alice', '331 password');
    await peer.on('PASS secret', text);
    peer.destroy();
  };

const drops: Script = async (peer) => {
  await peer.login();
  await peer.on(/^(?:SIZE a|NOOP)$/);
  peer.destroy();
};

async function serves(peer: ScriptedPeer): Promise<void> {
  await peer.login();
  await peer.on('SIZE a', '213 7');
  const data = await peer.passive();
  await peer.on('RETR a', '150 go on');
  await peer.send(data, 'payload');
  await peer.say('226 done\r\n');
  await peer.on('QUIT', '221 bye');
}

const answersNoop: Script = async (peer) => {
  await peer.login();
  await peer.on('NOOP', '200 ok');
  await peer.on('QUIT', '221 bye');
};

/** Plays these to one connection after another, and fails where one is left or one too many comes. */
async function withLogins(
  scripts: readonly Script[],
  options: Partial<FtpsClientOptions>,
  work: (client: FtpsClient, logins: () => number) => Promise<void>,
): Promise<void> {
  let logins = 0;
  const server = await scriptedServer(async (peer) => {
    const script = scripts[logins++];
    if (script === undefined) throw new Error('one login too many');
    await script(peer);
  });
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server)), ...options });
  try {
    await work(client, () => logins);
  } finally {
    await client.close();
    await server.close();
  }
  expect(logins).to.equal(scripts.length);
}

describe('a login that the server refuses although it has taken it before', () => {
  it('is tried again amid a transfer for as long as that has attempts, where the server says that it is full', async () => {
    const full = refuses('530 Sorry, the maximum number of clients (1) from your host are already connected.');
    await withLogins([drops, full, full, full, serves], {}, async (client) => {
      const result = await client.download('a', nowhere, { verify: 'none', retry: now });
      expect(result).to.include({ bytes: 7, attempts: 5 });
    });
  });

  it('is tried once more where the server does not say why', async () => {
    await withLogins([drops, refuses('530 Login incorrect.'), serves], {}, async (client) => {
      const result = await client.download('a', nowhere, { verify: 'none', retry: now });
      expect(result).to.include({ bytes: 7, attempts: 3 });
    });
  });

  it('is given up after two refusals without a reason, and left alone for a quarter of an hour', async () => {
    let time = 0;
    const memory = new ServerMemory({ clock: () => time });
    const wrong = refuses('530 Login incorrect.');
    const options = { reconnect: true, memory };
    await withLogins([drops, wrong, wrong, wrong, answersNoop], options, async (client, logins) => {
      const failing = client.download('a', nowhere, { verify: 'none', retry: now });
      expect(await rejection(failing))
        .to.be.instanceOf(LoginError)
        .and.include({ retryable: false });
      expect(logins()).to.equal(3);
      time += 15 * 60_000 - 1;
      for (let call = 0; call < 3; call++) {
        expect(await rejection(client.raw('NOOP')))
          .to.be.instanceOf(LoginError)
          .with.property('message')
          .that.includes('is not asked again');
      }
      expect(logins()).to.equal(3);
      time += 1;
      await rejection(client.raw('NOOP'));
      await rejection(client.raw('NOOP'));
      expect(logins()).to.equal(4);
      time += 15 * 60_000;
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('counts anew once it was taken, and not where the server was only full', async () => {
    const wrong = refuses('530 Login incorrect.');
    const full = refuses('530 Too many simultaneous logins');
    const scripts = [drops, wrong, full, full, drops, wrong, full, answersNoop];
    await withLogins(scripts, { reconnect: true }, async (client, logins) => {
      await rejection(client.raw('NOOP'));
      while (logins() < scripts.length) await client.raw('NOOP').catch(() => undefined);
      expect(client.isOpen).to.equal(true);
    });
  });

  it('is no reason to keep another password of the same user from the server', async () => {
    const memory = new ServerMemory();
    const wrong = refuses('530 Login incorrect.');
    const other: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice', '331 password');
      await peer.on('PASS new', '230 in');
      await peer.on('FEAT', '502 no');
      await peer.on('TYPE I', '200 ok');
      await peer.on('NOOP');
      peer.destroy();
    };
    const again: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice', '331 password');
      await peer.on('PASS new', '230 in');
      await peer.on('FEAT', '502 no');
      await peer.on('TYPE I', '200 ok');
      await peer.on('NOOP', '200 ok');
      await peer.on('QUIT', '221 bye');
    };
    const scripts = [drops, wrong, wrong, other, again];
    let logins = 0;
    await using server = await scriptedServer(async (peer) => scripts[logins++]?.(peer));
    const options = { ...(await scriptedOptions(server)), memory, reconnect: true };
    const client = await FtpsClient.connect(options);
    for (let call = 0; call < 4; call++) await rejection(client.raw('NOOP'));
    expect(logins).to.equal(3);
    const changed = await FtpsClient.connect({ ...options, password: 'new' });
    await rejection(changed.raw('NOOP'));
    expect((await changed.raw('NOOP')).code).to.equal(200);
    await Promise.all([client.close(), changed.close()]);
  });
});

describe('a pool whose password is wrong', () => {
  it('tries it with one login for all calls that wait, and with two for all that come', async () => {
    await using server = await TestServer.start();
    await using pool = new FtpsPool({ ...ownOptions(server), password: 'wrong' }, { size: 8 });
    const upload = () => rejection(pool.upload(Readable.from(['x']), '/a'));
    const first = await Promise.all(Array.from({ length: 20 }, upload));
    expect(server.logins).to.have.lengthOf(1);
    for (let call = 0; call < 5; call++) first.push(await upload());
    for (const error of first) expect(error).to.be.instanceOf(LoginError);
    expect(server.logins).to.have.lengthOf(2);
  });

  it('after it was changed: tries it twice in all, although all logins were lost at once', async () => {
    let isChanged = false;
    let tries = 0;
    const peers: ScriptedPeer[] = [];
    await using server = await scriptedServer(async (peer) => {
      peers.push(peer);
      if (!isChanged) {
        await peer.login();
        return;
      }
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice', '331 password');
      tries += 1;
      await peer.on('PASS secret', '530 Login incorrect.');
    });
    const pool = new FtpsPool({ ...(await scriptedOptions(server)), reconnect: true }, { size: 6, keepAliveMs: 0 });
    let arrived = 0;
    let allHere: () => void = () => undefined;
    const here = new Promise<void>((resolve) => (allHere = resolve));
    const work = Array.from({ length: 6 }, () =>
      pool.run(async (client) => {
        if (++arrived === 6) allHere();
        await here;
        isChanged = true;
        for (const peer of peers) peer.destroy();
        for (let call = 0; call < 3; call++) await rejection(client.raw('NOOP'));
        return rejection(client.raw('NOOP'));
      }),
    );
    for (const error of await Promise.all(work)) expect(error).to.be.instanceOf(LoginError);
    await pool.close();
    expect(tries).to.equal(2);
  });
});
