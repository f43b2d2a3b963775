// A process of its own that works on a folder of kept tickets when it is told to: `folder`, `key`, `name` as arguments.
import { ControlTickets } from '@ftps-kit/ftps-client';
import { keptTicket, sessionOf } from './kept-ticket.js';

const [folder = '', key = '', name = ''] = process.argv.slice(2);
const tickets = new ControlTickets({ folder });

/** Keeps as many as it is told while it takes what there is; tells all that it got. */
async function work(count: number): Promise<readonly string[]> {
  const got: string[] = [];
  for (let number = 0; ; number++) {
    if (number < count) await tickets.keep(key, [keptTicket(`${name}-${number}`, Date.now())]);
    const session = sessionOf(await tickets.take(key));
    if (session !== undefined) got.push(session);
    else if (number >= count) return got;
  }
}

process.send?.('ready');
process.once('message', (count: number) => {
  void work(count).then((got) => {
    process.send?.(got);
    process.disconnect();
  });
});
