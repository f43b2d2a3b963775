// Operands that begin with a hyphen: `-` itself, and file names behind `--`. yargs takes them for flags, or loses them.

/** No argument of a process can hold this character, so nothing else begins with it. */
const MARK = '\0';

/** The arguments without `--`, and with such operands marked so that they get through yargs. */
export function markOperands(args: readonly string[]): readonly string[] {
  const separator = args.includes('--') ? args.indexOf('--') : args.length;
  const marked = (arg: string): string => (arg.startsWith('-') ? MARK + arg : arg);
  return [
    ...args.slice(0, separator).map((arg) => (arg === '-' ? marked(arg) : arg)),
    ...args.slice(separator + 1).map(marked),
  ];
}

/** Takes the marks off all that yargs made of the arguments. */
export function unmarkOperands(parsed: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(parsed)) {
    parsed[name] = Array.isArray(value) ? value.map(unmarked) : unmarked(value);
  }
}

function unmarked(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(MARK) ? value.slice(MARK.length) : value;
}
