import { expect } from 'chai';
import { markOperands, unmarkOperands } from '../../../bin/src/operands.js';

/** What is left of the arguments once they were marked, parsed as they are, and unmarked. */
function passed(...args: readonly string[]): unknown {
  const parsed = { operands: markOperands(args), flag: true, first: markOperands(args)[0] };
  unmarkOperands(parsed);
  return parsed.operands;
}

describe('operands that begin with a hyphen', () => {
  it('look like no flag on their way through the parser', () => {
    expect(markOperands(['get', 'url', '-', '--json']).filter((arg) => arg.startsWith('-'))).to.deep.equal(['--json']);
    expect(markOperands(['put', '-q', '--', '-file', '--', 'url']).filter((arg) => arg.startsWith('-'))).to.deep.equal([
      '-q',
    ]);
  });

  it('are what they were behind it, without the first --', () => {
    expect(passed('get', 'url', '-')).to.deep.equal(['get', 'url', '-']);
    expect(passed('put', '--', '-file', '--', 'url')).to.deep.equal(['put', '-file', '--', 'url']);
  });
});
