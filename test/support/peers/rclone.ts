/** rclone 1.60 (Go): keeps several connections at once, which share one cache of TLS sessions keyed by the server's name. */
import type { FtpTarget } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export const rclone = {
  name: 'rclone',
  missing: () => missingExecutable('rclone'),

  /** The remote that `run` configures, with a path below the login folder. */
  remote: (path = ''): string => `peer:${path}`,

  /** Runs an rclone command, such as `['copy', rclone.remote('a'), localFolder]`, with FTP commands in its stderr. */
  async run(target: FtpTarget, args: readonly string[], options: RunOptions = {}): Promise<ProgramOutput> {
    const program = executable('rclone');
    const hidden = await runProgram(program, ['obscure', '-'], { input: target.password });
    const env = {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_PEER_TYPE: 'ftp',
      RCLONE_CONFIG_PEER_HOST: target.host,
      RCLONE_CONFIG_PEER_PORT: `${target.port}`,
      RCLONE_CONFIG_PEER_USER: target.user,
      RCLONE_CONFIG_PEER_PASS: hidden.stdout.trim(),
      RCLONE_CONFIG_PEER_TLS: `${target.implicit ?? false}`,
      RCLONE_CONFIG_PEER_EXPLICIT_TLS: `${!(target.implicit ?? false)}`,
      SSL_CERT_FILE: target.caFile,
      SSL_CERT_DIR: '/nonexistent',
      ...options.env,
    };
    return runProgram(program, ['--retries=1', '--low-level-retries=1', ...args], { ...options, env });
  },

  /** rclone never says whether a connection resumed: ask the server. */
  resumptions: (): undefined => undefined,
} satisfies Peer & Record<string, unknown>;
