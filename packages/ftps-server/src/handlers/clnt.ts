// CLNT: a client says what it is called, as FileZilla and others do where FEAT offers it. Nothing depends on it.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function clnt(): Outcome {
  return outcome(ReplyCode.CommandOkay, 'Noted.');
}
