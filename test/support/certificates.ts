/** A test certificate authority and the certificates it signs, made once a run in a folder that goes away with the process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type CertificateExtension } from 'selfsigned';

/** A certificate with its private key, as PEM and as files of it; the key's file is readable by its owner alone. */
export interface TestIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Everything the tests present and trust. All keys are P-256. */
export interface TestCertificates {
  /** The authority that the tests trust. */
  readonly caPem: string;
  readonly caFile: string;
  /** Signed by the authority for localhost, 127.0.0.1 and ::1. */
  readonly server: TestIdentity;
  /** Signed by the authority for the same names: another key, to renew `server` with. */
  readonly renewed: TestIdentity;
  /** Signed by the authority, but for `elsewhere.test`. */
  readonly wrongHost: TestIdentity;
  /** Signed by the authority; its time ended yesterday. */
  readonly expired: TestIdentity;
  /** Signed by nobody but itself, for localhost, 127.0.0.1 and ::1. */
  readonly selfSigned: TestIdentity;
  /** A client certificate of the authority, with the common name `alice`. */
  readonly client: TestIdentity;
  /** An authority that nobody trusts, and what it signed. */
  readonly otherCa: {
    readonly caPem: string;
    readonly caFile: string;
    readonly server: TestIdentity;
    readonly client: TestIdentity;
  };
}

interface Authority {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const here = [
  { type: 2 as const, value: 'localhost' },
  { type: 7 as const, ip: '127.0.0.1' },
  { type: 7 as const, ip: '::1' },
];
const elsewhere = [{ type: 2 as const, value: 'elsewhere.test' }];

let made: Promise<TestCertificates> | undefined;

/** The certificates of this run; the first call makes them, later calls share them. */
export function testCertificates(): Promise<TestCertificates> {
  made ??= make();
  return made;
}

async function make(): Promise<TestCertificates> {
  const folder = mkdtempSync(join(tmpdir(), 'ftps-kit-certificates-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });

  const [ca, other] = await Promise.all([authority('ftps-kit test CA'), authority('some other CA')]);
  const server = serverExtensions(here);
  const client = clientExtensions();
  const caFile = await save(folder, 'ca.pem', ca.cert);
  const otherCaFile = await save(folder, 'other-ca.pem', other.cert);
  return {
    caPem: ca.cert,
    caFile,
    server: await identity(folder, 'server', 'localhost', server, ca),
    renewed: await identity(folder, 'renewed', 'localhost', server, ca),
    wrongHost: await identity(folder, 'wrong-host', 'elsewhere.test', serverExtensions(elsewhere), ca),
    expired: await identity(folder, 'expired', 'localhost', server, ca, -1),
    selfSigned: await identity(folder, 'self-signed', 'localhost', server),
    client: await identity(folder, 'client', 'alice', client, ca),
    otherCa: {
      caPem: other.cert,
      caFile: otherCaFile,
      server: await identity(folder, 'other-server', 'localhost', server, other),
      client: await identity(folder, 'other-client', 'alice', client, other),
    },
  };
}

/** A server, for localhost and its addresses, whom somebody trusts for a day only. */
export interface EndingTrust {
  readonly caPem: string;
  readonly server: TestIdentity;
}

/** One whose own certificate ends in a day, and one whose authority's does. */
export async function endingTrust(): Promise<Readonly<Record<'certificate' | 'authority', EndingTrust>>> {
  const folder = mkdtempSync(join(tmpdir(), 'ftps-kit-certificates-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const extensions = serverExtensions(here);
  const [lasting, ending] = await Promise.all([authority('lasting CA'), authority('ending CA', 1)]);
  return {
    certificate: {
      caPem: lasting.cert,
      server: await identity(folder, 'ending', 'localhost', extensions, lasting, 1),
    },
    authority: { caPem: ending.cert, server: await identity(folder, 'lasting', 'localhost', extensions, ending) },
  };
}

async function authority(commonName: string, endsInDays = 30): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity(endsInDays),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function identity(
  folder: string,
  name: string,
  commonName: string,
  extensions: CertificateExtension[],
  ca?: Authority,
  endsInDays = 30,
): Promise<TestIdentity> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity(endsInDays),
    extensions,
    ...(ca && { ca }),
  });
  return {
    certPem: made.cert,
    keyPem: made.private,
    certFile: await save(folder, `${name}.pem`, made.cert),
    keyFile: await save(folder, `${name}.key`, made.private),
  };
}

/** Begins early enough that a clock that is behind, or a certificate that has already ended, is no surprise. */
function validity(endsInDays: number): { notBeforeDate: Date; notAfterDate: Date } {
  const now = Date.now();
  return { notBeforeDate: new Date(now - 10 * dayMs), notAfterDate: new Date(now + endsInDays * dayMs) };
}

function serverExtensions(altNames: typeof here | typeof elsewhere): CertificateExtension[] {
  return [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ];
}

function clientExtensions(): CertificateExtension[] {
  return [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', clientAuth: true },
  ];
}

async function save(folder: string, name: string, pem: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, pem, { mode: 0o600 });
  return file;
}
