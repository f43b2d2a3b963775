// Options on the bounds of `limits.ts`.
import { MAX_TIMER_MS, knownKeys, wholeNumber } from '@ftps-kit/tls-core/internal';
import { DEFAULT_LIMITS, type ServerLimits } from '../limits.js';

export interface LimitTopic {
  /** Bounds that are to differ from their defaults. */
  readonly limits?: Partial<ServerLimits> | undefined;
}

export interface LimitSettings {
  readonly limits: ServerLimits;
}

export const LIMIT_KEYS = ['limits'] as const satisfies readonly (keyof LimitTopic)[];

export function parseLimitTopic({ limits = {} }: LimitTopic): LimitSettings {
  knownKeys('limits', limits, Object.keys(DEFAULT_LIMITS));
  const parsed = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(parsed)) {
    const isRate = name.endsWith('PerSecond');
    // No limit at all is a rate too; everything else has to have one.
    if (isRate && value === Infinity) continue;
    wholeNumber(`limits.${name}`, value, 1, isRate ? Number.MAX_SAFE_INTEGER : MAX_TIMER_MS);
  }
  return { limits: Object.freeze(parsed) };
}
