import type { SecretSource } from '@sluice/io';
import * as z from 'zod';

/** A secret as it is written into a configuration. */
export type SecretText = string | { readonly file: string } | { readonly credential: string };

/**
 * A key that holds a secret: the value itself, `{file: PATH}` or `{credential: NAME}`, of which the last is a systemd
 * credential (`LoadCredential=`). Its value is what `readSecret` of io takes. It is never shown. In a `described(…)` around it
 * nothing needs to repeat that it is secret.
 */
export function secretSchema(): z.ZodType<SecretSource, SecretText> {
  return z
    .union([
      z
        .string()
        .min(1)
        .transform((value): SecretSource => ({ value })),
      z.object({ file: z.string().startsWith('/', { error: 'the absolute path of a file' }) }),
      z.object({ credential: z.string().regex(/^[\w.@:-]{1,255}$/, { error: 'the name of a systemd credential' }) }),
    ])
    .meta({ secret: true });
}

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a text such as `90s`, `5m`, `1h30m`, `2d`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) seconds += Number(amount) * (unitSeconds[unit ?? 's'] ?? 1);
  return seconds;
}

/**
 * A length of time in seconds: a number, as the replaced programs have it, or a text such as `90s` or `5m`. The value
 * is always a number of seconds.
 */
export function secondsSchema(bounds: { readonly min?: number; readonly max?: number } = {}): z.ZodType<number, number | string> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const seconds = typeof value === 'number' ? value : parseDuration(value);
      if (seconds !== undefined && seconds >= min && seconds <= max) return seconds;
      const limits = [...(min > 0 ? [`at least ${min}`] : []), ...(max < Number.MAX_SAFE_INTEGER ? [`at most ${max}`] : [])];
      const range = limits.length === 0 ? '' : ` of ${limits.join(' and ')}`;
      context.addIssue({ code: 'custom', message: `expected a number of seconds${range}, or a text such as "90s" or "5m"` });
      return z.NEVER;
    })
    .meta({ unit: 'seconds' });
}
