import { expect } from 'chai';
import { ConnectionError, FtpsClient, LoginError, ReplyError, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions } from '../../../support/scripted-client.js';
import { scriptedServer, type Script } from '../../../support/scripted-server.js';

/** Connects to a server that plays these scripts to one connection after another, each behind a login. */
async function withLogins(
  scripts: readonly Script[],
  options: Partial<FtpsClientOptions>,
  work: (client: FtpsClient, lines: readonly string[]) => Promise<void>,
): Promise<void> {
  const left = [...scripts];
  const server = await scriptedServer(async (peer) => {
    await left.shift()?.(peer);
  });
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server)), ...options });
  try {
    await work(client, server.lines);
  } finally {
    await client.close();
    await server.close();
  }
  expect(left).to.have.lengthOf(0);
}

const dropsAtSize: Script = async (peer) => {
  await peer.login();
  await peer.on('SIZE a');
  peer.destroy();
};

describe('a login that is lost', () => {
  it('rejects the call under way, and stays lost unless the options say otherwise', async () => {
    await withLogins([dropsAtSize], {}, async (client) => {
      expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
      expect(client.isOpen).to.equal(false);
      expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
    });
  });

  it('is opened again by the next call where the options say so, and the lost call is not repeated', async () => {
    const again: Script = async (peer) => {
      await peer.login();
      await peer.on('SIZE b', '213 2');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([dropsAtSize, again], { reconnect: true }, async (client) => {
      expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
      expect(client.isOpen).to.equal(false);
      expect(await client.size('b')).to.equal(2);
      expect(client.isOpen).to.equal(true);
    });
  });

  it('ends with the client at once, also while its working folder is restored, and its connection too', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD', '257 "/a"');
      await peer.on('SIZE a');
      peer.destroy();
    };
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    let end: string | undefined = 'none';
    const again: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a');
      isAsked();
      end = await peer.line();
    };
    await withLogins([first, again], { reconnect: true }, async (client) => {
      await client.cwd('a');
      await rejection(client.size('a'));
      const call = rejection(client.size('a'));
      await asked;
      const startedAt = performance.now();
      await client.close();
      expect(await call).to.be.instanceOf(ConnectionError);
      expect(performance.now() - startedAt).to.be.below(1_000);
    });
    expect(end).to.equal(undefined);
  });

  it('is back in its working folder when it is opened again', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD b "c"', '250 ok');
      await peer.on('PWD', '257 "/a/b ""c""" is where you are');
      await peer.on('SIZE x', '421 going down');
    };
    const second: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a/b "c"', '250 ok');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, second], { reconnect: true }, async (client) => {
      await client.raw('CWD', 'b "c"');
      expect(await rejection(client.size('x'))).to.be.instanceOf(ReplyError);
      expect(await client.size('x')).to.equal(1);
    });
  });

  for (const [call, name] of [
    [(client: FtpsClient) => client.cwd('b'), 'cwd'],
    [(client: FtpsClient) => client.raw('CWD', 'b'), "raw('CWD')"],
  ] as const) {
    it(`is back in the last folder that the server told where it was lost amid ${name}`, async () => {
      const first: Script = async (peer) => {
        await peer.login();
        await peer.on('CWD a', '250 ok');
        await peer.on('PWD', '257 "/home/a"');
        await peer.on('CWD b', '250 ok');
        await peer.on('PWD');
        peer.destroy();
      };
      const second: Script = async (peer) => {
        await peer.login();
        await peer.on('CWD /home/a', '250 ok');
        await peer.on('SIZE x', '213 1');
        await peer.on('QUIT', '221 bye');
      };
      await withLogins([first, second], { reconnect: true }, async (client) => {
        await client.cwd('a');
        expect(await rejection(call(client))).to.be.instanceOf(ConnectionError);
        expect(await client.size('x')).to.equal(1);
        expect(client.hasChangedFolder).to.equal(true);
      });
    });
  }

  it('is back where it began where it was lost amid its first change of folder', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD');
      peer.destroy();
    };
    const second: Script = async (peer) => {
      await peer.login();
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, second], { reconnect: true }, async (client) => {
      expect(await rejection(client.cwd('a'))).to.be.instanceOf(ConnectionError);
      expect(await client.size('x')).to.equal(1);
      expect(client.hasChangedFolder).to.equal(false);
    });
  });

  it('goes the same way again where the server does not tell its folders', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('CWD b', '250 ok');
      await peer.on('PWD', '257 here and there');
      await peer.on('CDUP', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('SIZE x', '421 going down');
    };
    const second: Script = async (peer) => {
      await peer.login();
      for (const step of ['CWD a', 'CWD b', 'CDUP']) await peer.on(step, '250 ok');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, second], { reconnect: true }, async (client) => {
      await client.cwd('a');
      await client.cwd('b');
      await client.raw('CDUP');
      expect(client.hasChangedFolder).to.equal(true);
      await rejection(client.size('x'));
      expect(await client.size('x')).to.equal(1);
    });
  });

  it('goes back by its last absolute path alone where the server does not tell its folders', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD', '257 "/home/a"');
      await peer.on('CWD /tmp/job1', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('CWD /tmp/job2', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('CWD b', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('SIZE x', '421 going down');
    };
    const second: Script = async (peer) => {
      await peer.login();
      for (const step of ['CWD /tmp/job2', 'CWD b']) await peer.on(step, '250 ok');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, second], { reconnect: true }, async (client) => {
      for (const folder of ['a', '/tmp/job1', '/tmp/job2', 'b']) await client.cwd(folder);
      await rejection(client.size('x'));
      expect(await client.size('x')).to.equal(1);
    });
  });

  it('is not opened again, and says why, where the way to its folder is longer than can be kept', async () => {
    const script: Script = async (peer) => {
      await peer.login();
      for (let move = 0; move <= 1_000; move++) {
        await peer.on('CWD a', '250 ok');
        await peer.on('PWD', '502 not here');
      }
      await peer.on('SIZE x', '421 going down');
    };
    const elsewhere: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /b', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([script, elsewhere], { reconnect: true }, async (client) => {
      for (let move = 0; move <= 1_000; move++) await client.cwd('a');
      await rejection(client.size('x'));
      expect(await rejection(client.size('x')))
        .to.be.instanceOf(ConnectionError)
        .with.property('message')
        .that.includes('working folder');
      await client.cwd('/b');
      expect(await client.size('x')).to.equal(1);
    });
  });

  it('fails the call whose opening fails, or whose folder is gone, and the call after tries again', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD', '257 "/a"');
      peer.destroy();
    };
    const refused: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice', '530 not any more');
    };
    const folderless: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a', '550 no such folder');
    };
    const second: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a', '250 ok');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, refused, folderless, second], { reconnect: true }, async (client) => {
      await client.raw('CWD', 'a');
      await rejection(client.raw('NOOP'));
      expect(await rejection(client.size('x'))).to.be.instanceOf(LoginError);
      expect(await rejection(client.size('x')))
        .to.be.instanceOf(ReplyError)
        .with.property('verb', 'CWD');
      expect(await client.size('x')).to.equal(1);
    });
  });

  it('whose folder is gone can be had again by going to another one, also where it is refused at first', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '250 ok');
      await peer.on('PWD', '502 not here');
      peer.destroy();
    };
    const folderless: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD a', '550 no such folder');
    };
    const refuses: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /b', '550 not yet');
    };
    const takes: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /b', '250 ok');
      await peer.on('PWD', '502 not here');
      await peer.on('SIZE x', '421 going down');
    };
    const last: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /b', '250 ok');
      await peer.on('SIZE x', '213 1');
      await peer.on('QUIT', '221 bye');
    };
    await withLogins([first, folderless, refuses, folderless, takes, last], { reconnect: true }, async (client) => {
      await client.cwd('a');
      await rejection(client.raw('NOOP'));
      for (const call of [() => client.size('x'), () => client.cwd('/b'), () => client.size('x')]) {
        expect(await rejection(call()))
          .to.be.instanceOf(ReplyError)
          .with.property('verb', 'CWD');
      }
      await client.cwd('/b');
      await rejection(client.size('x'));
      expect(await client.size('x')).to.equal(1);
    });
  });

  it('says that it is its working folder which is gone, and what to do', async () => {
    const first: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a', '250 ok');
      await peer.on('PWD', '257 "/a"');
      peer.destroy();
    };
    const folderless: Script = async (peer) => {
      await peer.login();
      await peer.on('CWD /a', '550 no such folder');
    };
    await withLogins([first, folderless], { reconnect: true }, async (client) => {
      await client.cwd('/a');
      await rejection(client.raw('NOOP'));
      const error = await rejection(client.size('x'));
      expect(error).to.have.property('message').that.includes('its working folder cannot be entered any more (CWD /a)');
      expect(error).to.have.property('message').that.includes('cwd()');
    });
  });

  it('is not opened once the client is closed, and an opening under way ends with it', async () => {
    let tellReached: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (tellReached = resolve));
    const silent: Script = async (peer) => {
      await peer.say('220 scripted\r\n');
      await peer.on('USER alice');
      tellReached();
      await peer.line();
    };
    await withLogins([dropsAtSize, silent], { reconnect: true }, async (client) => {
      await rejection(client.size('a'));
      const call = rejection(client.size('a'));
      await reached;
      await client.close();
      expect(await call)
        .to.be.instanceOf(ConnectionError)
        .with.property('message')
        .that.includes('closed');
      expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
    });
  });
});
