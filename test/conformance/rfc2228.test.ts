// RFC 2228, security extensions: AUTH, PBSZ and PROT in their sequence.
import { expect } from 'chai';
import type { RawFtpClient } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';

describe('RFC 2228', () => {
  let client: RawFtpClient;

  describe('before the security exchange', () => {
    forEachServed('greeted', (served) => {
      ({ client } = served);
    });

    it('§3 AUTH: 504 for a mechanism that is not understood, and the session goes on in clear', async () => {
      for (const mechanism of ['GSSAPI', 'KERBEROS_V4', 'X-OWN', 'TLS-P']) {
        expect((await client.command(`AUTH ${mechanism}`)).code, mechanism).to.equal(504);
      }
      await client.expect(200, 'NOOP');
    });

    it('§3 AUTH: 501 without a mechanism', async () => {
      expect((await client.command('AUTH')).code).to.equal(501);
    });

    for (const mechanism of ['TLS', 'tls', 'TLS-C', 'SSL']) {
      it(`§3 AUTH: ${mechanism} is accepted without security data, 234`, async () => {
        await client.expect(234, `AUTH ${mechanism}`);
        const { handshake } = await client.startTls();
        expect(handshake.protocol).to.equal('TLSv1.3');
        await client.login();
      });
    }

    it('§3 PBSZ and PROT must be preceded by a security exchange', async () => {
      for (const command of ['PBSZ 0', 'PROT P']) expect((await client.command(command)).code).to.equal(530);
    });
  });

  describe('after it', () => {
    forEachServed('secured', (served) => {
      ({ client } = served);
    });

    it('§3 AUTH is not taken again', async () => {
      expect((await client.command('AUTH TLS')).code).to.equal(503);
      await client.expect(200, 'NOOP');
    });

    it('§3 PROT: 503 without PBSZ', async () => {
      expect((await client.command('PROT P')).code).to.equal(503);
    });

    it('§3 PBSZ: 501 for what is no number of 32 bits', async () => {
      for (const size of ['x', '-1', '4294967296', '0x10']) {
        expect((await client.command(`PBSZ ${size}`)).code, size).to.equal(501);
      }
    });

    const levels: readonly (readonly [level: string, code: number])[] = [
      ['P', 200],
      ['p', 200],
      ['C', 534],
      ['S', 536],
      ['E', 536],
      ['X', 504],
    ];
    for (const [level, code] of levels) {
      it(`§3 PROT ${level} is answered with ${code}`, async () => {
        await client.expect(200, 'PBSZ 0');
        expect((await client.command(`PROT ${level}`)).code).to.equal(code);
      });
    }

    it('§3 PROT C, refused, leaves PROT P in force', async () => {
      await client.login();
      await client.expect(200, 'PBSZ 0');
      await client.expect(200, 'PROT P');
      await client.expect(534, 'PROT C');
      expect((await client.download('NLST')).reply.code).to.equal(226);
    });

    it('§3 CCC is refused by policy, 534, and the control connection stays protected', async () => {
      expect((await client.command('CCC')).code).to.equal(534);
      await client.login();
    });

    it('§3 MIC, CONF, ENC and ADAT, which TLS has no use for, are not implemented', async () => {
      for (const command of ['MIC QUJD', 'CONF QUJD', 'ENC QUJD', 'ADAT QUJD']) {
        expect((await client.command(command)).code, command).to.equal(502);
      }
    });
  });
});
