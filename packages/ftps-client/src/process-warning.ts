// What goes wrong beside the work, and ends nothing: told to whoever runs the program.

export function warn(message: string): void {
  process.emitWarning(message, { type: 'FtpsKitWarning' });
}
