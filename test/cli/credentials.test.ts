import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PASSWORD, USER, ftps, startServe, type ServeCommand } from '../support/ftps-command.js';

describe('the password of ftps', () => {
  const unset = { FTPS_PASSWORD: undefined };
  let folder: string;
  let server: ServeCommand;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-credentials-'));
    await mkdir(join(folder, 'served'));
    server = await startServe(join(folder, 'served'));
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  it('comes from FTPS_PASSWORD', async () => {
    const { code, stderr } = await ftps(['ls', server.url(''), ...server.trust]);
    expect([code, stderr]).to.deep.equal([0, '']);
  });

  it('comes from the first line of --password-file, before all others', async () => {
    const file = join(folder, 'password');
    await writeFile(file, `${PASSWORD}\r\nmore\n`);
    const args = ['ls', server.url(''), '--password-file', file, ...server.trust];
    const { code, stderr } = await ftps(args, { env: { FTPS_PASSWORD: 'wrong' } });
    expect([code, stderr]).to.deep.equal([0, '']);
  });

  it('works in a URL, with a warning that --quiet silences', async () => {
    const url = `ftpes://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/`;
    const [loud, quiet] = await Promise.all([
      ftps(['ls', url, ...server.trust], { env: unset }),
      ftps(['ls', url, '--quiet', ...server.trust], { env: unset }),
    ]);
    expect([loud.code, quiet.code]).to.deep.equal([0, 0]);
    expect(loud.stderr).to.match(/^ftps: warning: a password in a URL is seen by everybody on this machine; use .+\n$/);
    expect(quiet.stderr).to.equal('');
  });

  it('comes from the netrc file, and the user name too', async () => {
    const netrc = join(folder, 'netrc');
    await writeFile(
      netrc,
      `machine other login x password y\nmachine 127.0.0.1 login ${USER} password "${PASSWORD}"\n`,
    );
    const home = join(folder, 'home');
    await mkdir(home);
    await writeFile(join(home, '.netrc'), `default login ${USER} password "${PASSWORD}"\n`);
    const runs = await Promise.all([
      ftps(['ls', server.url(''), ...server.trust], { env: { ...unset, NETRC: netrc } }),
      ftps(['ls', `127.0.0.1:${server.port}`, ...server.trust], { env: { ...unset, NETRC: netrc } }),
      ftps(['ls', server.url(''), ...server.trust], { env: { ...unset, HOME: home } }),
    ]);
    for (const { code, stderr } of runs) expect([code, stderr]).to.deep.equal([0, '']);
  });

  it('is missed with 1 where nobody can be asked, and the message says what to set', async () => {
    const { code, stderr } = await ftps(['ls', server.url(''), ...server.trust], { env: unset });
    expect(code).to.equal(1);
    expect(stderr).to.equal(`ftps: no password for ${USER}@127.0.0.1: set FTPS_PASSWORD, or name a --password-file\n`);
  });

  it('is not needed for an anonymous login', async () => {
    const { code, stderr } = await ftps(['ls', `127.0.0.1:${server.port}`, ...server.trust], { env: unset });
    expect(code).to.equal(4);
    expect(stderr).to.include('refused the login of anonymous: 530');
  });
});
