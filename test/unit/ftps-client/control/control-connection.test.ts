import { expect } from 'chai';
import {
  ConfigError,
  ConnectionError,
  FtpsClient,
  ProtocolError,
  ReplyError,
  TimeoutError,
} from '@ftps-kit/ftps-client';
import { limits } from '@ftps-kit/ftp-protocol';
import { MAX_PRELIMINARY_REPLIES } from '../../../../packages/ftps-client/src/limits.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedOptions, withScriptedClient } from '../../../support/scripted-client.js';
import { scriptedServer, type ScriptedPeer } from '../../../support/scripted-server.js';

describe('the control connection', () => {
  it('understands replies that come byte by byte', async () => {
    const slowly = async (peer: ScriptedPeer, text: string): Promise<void> => {
      for (const character of text) await peer.say(character);
    };
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a');
      await slowly(peer, '213-so\r\n214 no\r\n213 17\r\n');
      await peer.on('MKD b');
      await slowly(peer, '257 "/b" made\r\n');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      expect(await rejection(client.size('a'))).to.be.instanceOf(ProtocolError);
      await client.mkdir('b');
    });
  });

  it('gives replies to the calls in their order, however many are made at once', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      for (const [path, size] of [
        ['a', 1],
        ['b', 22],
        ['c', 333],
      ] as const) {
        await peer.on(`SIZE ${path}`, `213 ${size}`);
      }
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      const sizes = await Promise.all([client.size('a'), client.size('b'), client.size('c')]);
      expect(sizes).to.deep.equal([1, 22, 333]);
    });
  });

  it('sends the verbs of its calls, and has a ReplyError for a refusal', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('DELE a', '250 gone');
      await peer.on('RMD b', '550 not empty');
      await peer.on('RNFR a', '350 and?');
      await peer.on('RNTO c d', '250 done');
      await peer.on('NOOP', '500 no');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      await client.remove('a');
      const error = await rejection(client.removeDirectory('b'));
      expect(error).to.be.instanceOf(ReplyError).and.include({
        verb: 'RMD',
        retryable: false,
        message: 'the server refused RMD b: 550 not empty',
      });
      await client.rename('a', 'c d');
      expect(await client.raw('NOOP')).to.deep.equal({ code: 500, lines: ['no'] });
    });
  });

  it('sends nothing for a path that would add a command, and for no path', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      for (const path of ['a\r\nDELE b', 'a\nb', 'a\0b', '']) {
        for (const call of [
          client.remove(path),
          client.download(path, '/nowhere/at/all'),
          client.upload(Buffer.from('x'), path),
          client.rename('a', path),
          client.list(path).next(),
        ]) {
          expect(await rejection(call)).to.be.instanceOf(ConfigError);
        }
      }
      for (const line of [
        'RETR x',
        'pasv x',
        'PASS x',
        'QUIT x',
        'TYPE x',
        'RANG 0 2',
        'OPTS utf8 OFF',
        'opts MLST type;',
      ]) {
        const [verb = '', ...words] = line.split(' ');
        expect(await rejection(client.raw(verb, words.join(' '))), line).to.be.instanceOf(ConfigError);
      }
      // What tells of it may go to a log, where a line feed would begin another entry.
      expect(await rejection(client.raw('NOOP\r\nDELE')))
        .to.be.instanceOf(ConfigError)
        .with.property('message')
        .that.matches(/^NOOP\?\?DELE cannot be sent/);
    });
  });

  it('tells of a 421 that came out of the blue at the next call', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('NOOP', '200 ok\r\n421 time is up');
    };
    await withScriptedClient({ script }, async (client) => {
      await client.raw('NOOP');
      const error = await rejection(client.size('a'));
      expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('421 time is up');
      expect(client.isOpen).to.equal(false);
    });
  });

  it('gives a 421 to the call under way, and nothing afterwards', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a', '421 shutting down');
    };
    await withScriptedClient({ script }, async (client) => {
      const error = await rejection(client.size('a'));
      expect(error).to.be.instanceOf(ReplyError).and.include({ retryable: true });
      expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
    });
  });

  const broken: readonly [string, string][] = [
    ['text that is no reply', 'SSH-2.0-OpenSSH_9.2'],
    ['a reply longer than its bound', `213 ${'x'.repeat(limits.maxReplyLineBytes)}`],
    ['a final reply that is put off again and again', `${'150 soon\r\n'.repeat(MAX_PRELIMINARY_REPLIES + 1)}213 1`],
    ['a reply without an end', `213-begin\r\n${'line\r\n'.repeat(limits.maxReplyLines + 1)}213 end`],
  ];
  for (const [what, answer] of broken) {
    it(`takes ${what} for a broken server, and stops listening to it`, async () => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await peer.on('SIZE a', answer);
      };
      await withScriptedClient({ script }, async (client) => {
        expect(await rejection(client.size('a'))).to.be.instanceOf(ProtocolError);
        expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);
      });
    });
  }

  it('takes a reply that nobody asked for as a reason to stop: later ones could not be told apart', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('NOOP', '200 ok\r\n200 and again');
    };
    await withScriptedClient({ script }, async (client) => {
      await client.raw('NOOP');
      const error = await rejection(client.raw('NOOP'));
      expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('nobody asked for');
    });
  });

  it('gives up a connection whose reply does not come', async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a');
    };
    await withScriptedClient({ script, options: { timeouts: { replyMs: 50 } } }, async (client) => {
      expect(await rejection(client.size('a')))
        .to.be.instanceOf(TimeoutError)
        .with.property('phase', 'reply');
      expect(client.isOpen).to.equal(false);
    });
  });

  it('stays in step when a call is aborted before its reply comes', async () => {
    const controller = new AbortController();
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a');
      controller.abort();
      await peer.say('213 1\r\n');
      await peer.on('SIZE b', '213 2');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      const error = await rejection(client.size('a', { signal: controller.signal }));
      expect(error).to.have.property('code', 'FTPS_ERR_ABORTED');
      expect(await client.size('b')).to.equal(2);
    });
  });

  it('does not begin a call that was aborted while it waited for its turn', async () => {
    const controller = new AbortController();
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.on('SIZE a');
      controller.abort();
      await peer.say('213 1\r\n');
      await peer.on('QUIT', '221 bye');
    };
    await withScriptedClient({ script }, async (client) => {
      const first = client.size('a');
      const error = await rejection(client.size('b', { signal: controller.signal }));
      expect(error).to.have.property('code', 'FTPS_ERR_ABORTED');
      expect(await first).to.equal(1);
    });
  });

  it('closes in bounded time, twice, and where the server is gone', async () => {
    const silent = await scriptedServer(async (peer) => {
      await peer.login();
    });
    const options = { ...(await scriptedOptions(silent)), timeouts: { closeMs: 50 } };
    const client = await FtpsClient.connect(options);
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(await rejection(client.size('a'))).to.be.instanceOf(ConnectionError);

    const { host, port } = { host: '127.0.0.1', port: silent.port };
    const other = await FtpsClient.connect({ ...options, host, port });
    await silent.close();
    await other.close();
  });
});
