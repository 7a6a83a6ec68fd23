import { STATUS_CODES } from 'node:http';
import type { SlurmrestdError } from '../json/index.ts';

/** Reason phrases as slurmrestd spells them; others are the usual ones. */
const phrases: Readonly<Record<number, string>> = {
  304: 'NOT MODIFIED',
  400: 'BAD REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT FOUND',
  405: 'NOT ALLOWED',
  415: 'UNSUPPORTED MEDIA TYPE',
  422: 'UNPROCESSABLE CONTENT',
  500: 'INTERNAL ERROR',
  502: 'BAD GATEWAY',
  511: 'Network Authentication Required',
};

export function phraseOf(status: number): string {
  return phrases[status] ?? STATUS_CODES[status] ?? '';
}

/** Errors that are said with 200: of a thing that was looked for and not found. */
const harmless = new Set([0]);

/**
 * Status of an answer with errors, as measured on 22.05, 24.11 and 26.05: one for all up to 23.11, by the error since 24.11 (an unknown job
 * since 24.05); 26.05 blames the request for whatever slurmctld refuses.
 */
export function statusOf(errors: readonly SlurmrestdError[], release: number): number {
  const [last] = errors.filter(({ number }) => !harmless.has(number)).slice(-1);
  if (last === undefined) return 200;
  const { number } = last;
  if (release >= 2405 && number === 2017) return 404;
  if (release < 2411) return 500;
  if (number === 1007) return 511;
  if (number === 1800 || number === 7000) return 502;
  if (number >= 9000 && number < 9300) return 422;
  if (release < 2605) return 500;
  return number === 1 ? 403 : number >= 2000 ? 422 : 500;
}

/** What slurmrestd says in plain text. */
export function plainText(status: number, release: number): string {
  if (status === 401) return 'Authentication failure';
  if (status === 405) return 'Requested REST method is not defined at URL. Please view /openapi/v3 for API reference.';
  if (status === 404) {
    return release >= 2605
      ? "Unable to find requested URL endpoint. Please query the '/openapi/v3' endpoint or visit 'https://slurm.schedmd.com/rest_api.html' for the OpenAPI specification which includes a list of all possible slurmrestd endpoints."
      : 'Unable find requested URL. Please view /openapi/v3 for API reference.';
  }
  if (status === 415) return 'MIME type is unknown to any loaded plugins';
  return release >= 2605 ? 'Failure during parsing' : 'Unable to parse query.';
}
