import diagnosticsChannel from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import {
  eventChannelName,
  type FaultEvent,
  type LoginEvent,
  type ServerEventMessage,
  type ServerEvents,
} from '@ftps-kit/ftps-server';
import { EventHub } from '../../../packages/ftps-server/src/event-hub.js';
import { MetricsRecorder } from '../../../packages/ftps-server/src/metrics.js';
import { LineLogger } from '../../support/line-logger.js';

const login: LoginEvent = { id: 'x', client: { address: '192.0.2.1', port: 5 }, user: 'alice', accepted: true };

describe('the event hub', () => {
  let emitter: EventEmitter<ServerEvents>;
  let hub: EventHub;
  let faults: FaultEvent[];

  beforeEach(() => {
    emitter = new EventEmitter();
    hub = new EventHub(emitter, new MetricsRecorder(), undefined);
    faults = [];
  });

  function listenForFaults(): void {
    emitter.on('fault', (fault) => faults.push(fault));
  }

  it('tells every listener, in spite of one that throws, and tells of that one as a fault', () => {
    listenForFaults();
    const error = new Error('a listener of no use');
    const heard: string[] = [];
    emitter.on('login', ({ user }) => heard.push(user));
    emitter.on('login', () => {
      throw error;
    });
    emitter.on('login', ({ user }) => heard.push(user));
    hub.emit('login', login);
    expect(heard).to.deep.equal(['alice', 'alice']);
    expect(faults).to.deep.equal([{ id: '', client: undefined, where: 'listener', error }]);
  });

  it('tells of a listener that rejects later, which would end the process otherwise', async () => {
    listenForFaults();
    const error = new Error('rejected later');
    const rejecting: () => unknown = () => Promise.reject(error);
    emitter.on('login', rejecting);
    hub.emit('login', login);
    await setImmediate();
    expect(faults.map(({ where, error: reason }) => [where, reason])).to.deep.equal([['listener', error]]);
  });

  it('tells a listener of one event once', () => {
    let heard = 0;
    emitter.once('login', () => (heard += 1));
    hub.emit('login', login);
    hub.emit('login', login);
    expect(heard).to.equal(1);
  });

  it('warns once, and does not go round in circles, when who listens for faults throws as well', async () => {
    const warned = once(process, 'warning') as Promise<[Error]>;
    emitter.on('fault', () => {
      throw new Error('a listener of even less use');
    });
    hub.fault('command', new Error('the first fault'));
    hub.fault('command', new Error('the second fault'));
    const [warning] = await warned;
    expect(warning).to.include({ name: 'FtpsServerWarning', message: 'listener: a listener of even less use' });
  });

  it('warns of a fault that nobody listens for, once for each source', async () => {
    const warnings: Error[] = [];
    const keep = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', keep);
    hub.fault('authenticate', new Error('the database is down'));
    hub.fault('authenticate', new Error('the database is down'));
    hub.fault('accept', 'no error but a text');
    await setImmediate();
    process.off('warning', keep);
    expect(warnings.map(({ message }) => message)).to.deep.equal([
      'authenticate: the database is down',
      'accept: no error but a text',
    ]);
  });

  it('publishes each event on a diagnostics channel of its name, with the server it is of', () => {
    const messages: unknown[] = [];
    const keep = (message: unknown): unknown => messages.push(message);
    diagnosticsChannel.subscribe(eventChannelName('login'), keep);
    try {
      hub.emit('login', login);
    } finally {
      diagnosticsChannel.unsubscribe(eventChannelName('login'), keep);
    }
    hub.emit('login', login);
    expect(messages).to.deep.equal([{ server: emitter, event: login } satisfies ServerEventMessage<'login'>]);
    expect(eventChannelName('login')).to.equal('ftps-kit:server:login');
  });

  it('logs a name without what moves a terminal’s cursor, and not at any length; listeners get it as it was given', () => {
    const logger = new LineLogger();
    const heard: string[] = [];
    emitter.on('login', ({ user }) => heard.push(user));
    const names = [
      'a\u001B[2J\u009B\u202Eb\u2028',
      'Zoë 小明 👍',
      'x'.repeat(255),
      'x'.repeat(256),
      `${'x'.repeat(254)}👍`,
    ];
    const quiet = new EventHub(emitter, new MetricsRecorder(), logger);
    for (const user of names) quiet.emit('login', { ...login, user, accepted: false, reason: 'credentials' });
    expect(logger.lines.map(({ fields }) => ('user' in fields ? fields.user : undefined))).to.deep.equal([
      'a\uFFFD[2J\uFFFD\uFFFDb\uFFFD',
      'Zoë 小明 👍',
      'x'.repeat(255),
      `${'x'.repeat(255)}…`,
      `${'x'.repeat(254)}\uFFFD…`,
    ]);
    expect(heard).to.deep.equal(names);
  });

  it('logs one line an event, with its fields and a sentence', () => {
    const logger = new LineLogger();
    new EventHub(emitter, new MetricsRecorder(), logger).emit('login', login);
    expect(logger.lines).to.deep.equal([
      {
        level: 'info',
        message: 'a login was accepted',
        fields: { event: 'login', id: 'x', client: '192.0.2.1:5', user: 'alice', accepted: true },
      },
    ]);
  });

  it('tells the listeners although the logger throws, and tells of that as a fault', () => {
    listenForFaults();
    const heard: string[] = [];
    emitter.on('login', ({ user }) => heard.push(user));
    const logger = new LineLogger();
    logger.failure = new Error('the disk of the log is full');
    new EventHub(emitter, new MetricsRecorder(), logger).emit('login', login);
    expect(heard).to.deep.equal(['alice']);
    expect(faults.map(({ where, error }) => [where, error])).to.deep.equal([['logger', logger.failure]]);
  });
});
