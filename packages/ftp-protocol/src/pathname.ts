// Virtual paths: how a pathname of the client becomes an absolute one, and how a 257 reply quotes it.
import { GrammarError } from './errors.js';

/**
 * The absolute path that `argument` means in `currentDirectory`: it begins with `/`, and has no `.`, `..`, empty
 * component or trailing slash. `..` in the root is the root; an empty argument is the current directory; a backslash, a
 * tilde and a wildcard are ordinary characters (RFC 3659 §2.2.2, §6.2).
 *
 * @throws GrammarError 501 for NUL.
 */
export function resolvePath(currentDirectory: string, argument: string): string {
  const path = argument.startsWith('/') ? argument : `${currentDirectory}/${argument}`;
  if (path.includes('\0')) throw new GrammarError('a pathname cannot hold NUL');
  const components: string[] = [];
  for (const component of path.split('/')) {
    if (component === '..') components.pop();
    else if (component !== '' && component !== '.') components.push(component);
  }
  return `/${components.join('/')}`;
}

/** The path as a 257 reply carries it: in double quotes, those within it doubled (RFC 959 appendix II). */
export function quotePath(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

/**
 * The path in the text of a 257 reply: what the first pair of double quotes holds, with doubled ones made single.
 *
 * @throws GrammarError when there is no quoted path.
 */
export function parseQuotedPath(text: string): string {
  // RFC 959 appendix II: 257<space>"<directory-name>"<space><commentary>, "embedded double-quotes should be escaped by
  // double-quotes (the "quote-doubling" convention)". One pass; a nested pattern would cost the square of the length.
  let path = '';
  let start = text.indexOf('"') + 1;
  while (start > 0) {
    const quote = text.indexOf('"', start);
    if (quote === -1) break;
    path += text.slice(start, quote);
    if (text[quote + 1] !== '"') return path;
    path += '"';
    start = quote + 2;
  }
  throw new GrammarError('the reply holds no path in double quotes');
}
