// A server's metrics in Prometheus's text exposition format, version 0.0.4.
import type { ServerCounters, ServerGauges, ServerMetrics } from './metrics.js';

/** Name and help of each gauge. */
const GAUGES: Readonly<Record<keyof ServerGauges, readonly [name: string, help: string]>> = {
  uptimeSeconds: ['uptime_seconds', 'Seconds since the server was made.'],
  connections: ['connections', 'Control connections at this moment.'],
  sessions: ['sessions', 'Control connections on which somebody is logged in.'],
  transfers: ['transfers', 'Transfers and listings under way.'],
  passivePorts: ['passive_ports', 'Ports that listen for a data connection.'],
  certificateExpiresAt: [
    'certificate_expiry_timestamp_seconds',
    "When the first of the server's certificates ends, Unix time.",
  ],
};

/** Name, label and help of each counter; those without a label are one number. */
const COUNTERS: Readonly<Record<keyof ServerCounters, readonly [name: string, label: string, help: string]>> = {
  connections: ['connections_total', '', 'Control connections accepted.'],
  logins: ['logins_total', 'outcome', 'Logins by outcome.'],
  handshakes: ['tls_handshakes_total', 'kind', 'TLS handshakes by kind.'],
  transfers: ['transfers_total', 'outcome', 'Transfers and listings by outcome.'],
  bytes: ['data_bytes_total', 'direction', 'Bytes on data connections by direction.'],
  verdicts: ['data_connection_verdicts_total', 'verdict', 'Verdicts on the binding of data connections.'],
  refusals: ['refusals_total', 'reason', 'Refusals by reason.'],
  limits: ['limits_total', 'limit', 'How often each limit was met.'],
  faults: ['faults_total', '', 'Failures inside the server or the program around it.'],
};

/** The text to answer a scrape with, as `text/plain; version=0.0.4`. `prefix` stands before each name. Default `ftps_`. */
export function prometheusText({ gauges, counters }: ServerMetrics, prefix = 'ftps_'): string {
  const lines: string[] = [];
  for (const [key, [name, help]] of Object.entries(GAUGES)) {
    lines.push(...heading(`${prefix}${name}`, 'gauge', help));
    lines.push(`${prefix}${name} ${gauges[key as keyof ServerGauges]}`);
  }
  for (const [key, [name, label, help]] of Object.entries(COUNTERS)) {
    const value = counters[key as keyof ServerCounters];
    lines.push(...heading(`${prefix}${name}`, 'counter', help));
    if (typeof value === 'number') lines.push(`${prefix}${name} ${value}`);
    else for (const [of, count] of Object.entries(value)) lines.push(`${prefix}${name}{${label}="${of}"} ${count}`);
  }
  return `${lines.join('\n')}\n`;
}

function heading(name: string, type: 'gauge' | 'counter', help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
