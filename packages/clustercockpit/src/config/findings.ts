import { type Problem, type ReadConfigOptions, readConfig } from '@sluice/service';
import type * as z from 'zod';

/** Something about a configuration that its schema alone does not say. */
export interface Finding {
  /** The key, and what leads to a place below it. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface Findings {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/**
 * Gives findings their file, line and column, by reading the configuration once more with a schema that complains of them: so
 * they look like every other problem, and what is secret stays so.
 */
export async function placed(schema: z.ZodType, options: ReadConfigOptions, findings: readonly Finding[]): Promise<readonly Problem[]> {
  if (findings.length === 0) return [];
  const complaining = schema.superRefine((_, context) => {
    for (const { path, message } of findings) context.addIssue({ code: 'custom', path: [...path], message });
  });
  const { problems } = await readConfig(complaining, options);
  return problems.map((problem) => ({ ...problem, message: withoutKind(problem) }));
}

/** What was found is worth telling if it is a value, not if it is only its kind. */
function withoutKind({ message, found = '' }: Problem): string {
  const suffix = ` (found ${found})`;
  return /^(nothing|null|an? .*|\[redacted\])$/.test(found) && message.endsWith(suffix) ? message.slice(0, -suffix.length) : message;
}
