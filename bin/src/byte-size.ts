// Numbers of bytes as people write them on a command line.
import { ConfigError } from '@ftps-kit/ftps-client';

const POWERS = ['', 'k', 'M', 'G', 'T'];
const FORM = /^(\d+(?:\.\d+)?) ?([kKMGT]?)(i?)B?$/;

/** `500`, `1.5M`, `10 GB` in powers of 1000; `10GiB` in powers of 1024. Throws `ConfigError` that names the flag. */
export function parseByteSize(flag: string, text: string): number {
  const [, number, unit = '', binary] = FORM.exec(text) ?? [];
  const power = POWERS.indexOf(unit === 'K' ? 'k' : unit);
  const bytes = Math.round(Number(number) * (binary === 'i' ? 1024 : 1000) ** power);
  if (number === undefined || (binary === 'i' && unit === '') || !Number.isSafeInteger(bytes)) {
    throw new ConfigError(`${flag}: '${text}' is not a number of bytes such as 500M or 10GiB`);
  }
  return bytes;
}
