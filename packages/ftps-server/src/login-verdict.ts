// Who logs in, by all that an account asks for: name and password, where from, which certificate, how many already.
import type { X509Certificate } from 'node:crypto';
import type { Account, GrantedAccount } from './account.js';
import type { AccountSession } from './account-sessions.js';
import type { Credentials } from './accounts.js';
import type { ServerContext } from './command-row.js';
import type { LoginRefusal } from './events.js';
import { loginClient } from './login-client.js';
import type { Session } from './session.js';

/** `fault`: nobody could tell; the client hears of it as of a wrong password. */
export type LoginVerdict =
  | { readonly kind: 'accepted'; readonly entry: AccountSession }
  | { readonly kind: 'refused'; readonly reason: LoginRefusal }
  | { readonly kind: 'fault' };

/** Judges a login; who is accepted has entered already. Never rejects. */
export async function judgeLogin(
  server: ServerContext,
  session: Session,
  credentials: Credentials,
): Promise<LoginVerdict> {
  let entry: AccountSession;
  try {
    const account = await server.settings.authenticate(credentials, loginClient(session));
    if (account === undefined || isRevoked(account)) return { kind: 'refused', reason: 'credentials' };
    entry = server.accounts.enter(account, () => {
      session.dismiss();
    });
  } catch (error) {
    // A database that is down, or holds nonsense, lets nobody in.
    server.events.fault('authenticate', error, session);
    return { kind: 'fault' };
  }
  const reason = objection(entry, session);
  if (reason === undefined) return { kind: 'accepted', entry };
  entry.leave();
  return { kind: 'refused', reason };
}

function isRevoked({ revoked }: Account): boolean {
  return revoked?.aborted === true;
}

/** What stands against it although the password is right. */
function objection({ account, isOneTooMany }: AccountSession, session: Session): LoginRefusal | undefined {
  if (account.allowedAddresses?.has(session.client.address) === false) return 'address';
  if (!certificateSuffices(account, session.control?.handshake.peerCertificates[0])) return 'client-certificate';
  return isOneTooMany ? 'sessions' : undefined;
}

/** The engine has checked the chain in the handshake; whose certificate it is, is checked here. */
function certificateSuffices({ clientCertificate }: GrantedAccount, shown: X509Certificate | undefined): boolean {
  if (clientCertificate === false) return true;
  if (shown === undefined) return false;
  return clientCertificate === true || clientCertificate.has(shown.fingerprint256);
}
