import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { runProgram } from '../support/peers/run-program.js';

const here = import.meta.dirname;

describe('a CommonJS program', () => {
  it('requires every package as it was built, on a plain Node', async () => {
    const { outputText } = ts.transpileModule(readFileSync(join(here, 'caller.cts'), 'utf8'), {
      fileName: 'caller.cts',
      compilerOptions: { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022 },
    });
    expect(outputText).to.include('require("@ftps-kit/ftps-client")').and.not.to.include('import ');
    // From standard input, so that packages are found from here.
    const { stdout } = await runProgram(process.execPath, ['--input-type=commonjs', '-'], {
      cwd: here,
      input: outputText,
    });
    expect(JSON.parse(stdout)).to.deep.equal({ bytes: 5, path: '/a', isTyped: true });
  });
});
