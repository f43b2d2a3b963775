/** What a test needs that not every machine or engine has. Without it the test is pending, by a title that says why. */
import { networkInterfaces } from 'node:os';
import { selectEngine, type EngineCapabilities } from '@ftps-kit/tls-core';

/** Ends the test as pending, with the reason in its title; called in a `before` hook, ends all tests of the suite so. */
export function pend(context: Mocha.Context, reason: string): never {
  const name = (test: Mocha.Runnable): void => {
    test.title += ` (${reason})`;
  };
  const running = context.test;
  if (running?.title.startsWith('"before all"')) running.parent?.eachTest(name);
  else if (running) name(running.title.startsWith('"before each"') ? (context.currentTest ?? running) : running);
  return context.skip();
}

/** Needs something of this machine. With FTPS_REQUIRE_PEERS=1, as where everything is installed, its lack is a failure. */
export function requireHere(context: Mocha.Context, isHere: boolean, reason: string): void {
  if (isHere) return;
  if (isSet('FTPS_REQUIRE_PEERS'))
    throw new Error(`${reason}, but FTPS_REQUIRE_PEERS=1 is set; .ci/install-peers installs the peers`);
  pend(context, reason);
}

/** Needs all of 127.0.0.0/8, to come from another address than the client's. */
export function requireManyAddresses(context: Mocha.Context): void {
  requireHere(context, process.platform === 'linux', 'only Linux has all of 127.0.0.0/8 on its loopback');
}

/** Needs what Windows has not: owners, pipes, devices, folders that can be synced. */
export function requireUnix(context: Mocha.Context, what: string): void {
  requireHere(context, process.platform !== 'win32', `Windows has no ${what}`);
}

/** Needs ::1. Not every container has it; with FTPS_REQUIRE_IPV6=1 its lack is a failure. */
export function requireIpv6(context: Mocha.Context): void {
  requireAddress(context, loopbackOf6().length > 0, 'loopback has no IPv6');
}

/** Needs what `linkLocalLoopback` gives; its lack is a failure with FTPS_REQUIRE_IPV6=1. */
export function requireLinkLocal(context: Mocha.Context): void {
  requireAddress(context, linkLocalLoopback() !== undefined, 'loopback has no link-local address');
}

/**
 * A link-local address of loopback with its zone, as sockets tell it; undefined where loopback has none, as it has unless
 * somebody gave it one. Those of other interfaces would open the server to the link.
 */
export function linkLocalLoopback(): string | undefined {
  return loopbackOf6().find(({ scopeId }) => scopeId > 0)?.zoned;
}

/** Needs something of the engine that the portable one declares not to have, and the openssl one has to have. */
export function requireCapability(context: Mocha.Context, capability: keyof EngineCapabilities): void {
  const { name, capabilities } = selectEngine();
  if (!capabilities[capability]) requireOpenssl(context, `the ${name} engine has no ${capability}`);
}

/** Needs the openssl engine, for the reason given. Its lack is a failure with FTPS_REQUIRE_PEERS=1, unless another was asked for. */
export function requireOpenssl(context: Mocha.Context, reason: string): void {
  if (selectEngine().name === 'openssl') return;
  if (process.env['FTPS_TLS_ENGINE'] === 'node') pend(context, reason);
  requireHere(context, false, reason);
}

/** Needs to see what the peer's kernel acknowledges: without that, the own kernel takes a megabyte or nothing. */
export function requireSeenAcknowledgements(context: Mocha.Context): void {
  const reason = 'only the openssl engine, on Linux and macOS, sees what the other kernel acknowledges';
  requireOpenssl(context, reason);
  requireHere(context, ['linux', 'darwin'].includes(process.platform), reason);
}

function requireAddress(context: Mocha.Context, isHere: boolean, reason: string): void {
  if (isHere) return;
  if (isSet('FTPS_REQUIRE_IPV6')) throw new Error(`${reason}, but FTPS_REQUIRE_IPV6=1 is set`);
  pend(context, reason);
}

/** The IPv6 addresses of loopback. */
function loopbackOf6(): readonly { readonly scopeId: number; readonly zoned: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap((one) => {
      if (!one.internal || one.family !== 'IPv6') return [];
      const { scopeid: scopeId } = one;
      return [{ scopeId, zoned: `${one.address}%${process.platform === 'win32' ? String(scopeId) : name}` }];
    }),
  );
}

function isSet(variable: string): boolean {
  return process.env[variable] === '1';
}
