import { type HttpResponse, retryAfterMs, SluiceError } from '@sluice/io';
import type { ServerProfile } from './server-profile.ts';
import { tokenHint } from './token-facts.ts';

/** The two keys of every error that cc-backend words itself (contract §1). */
export interface Envelope {
  /** The status in words, except `Resource not found` where no route matched. */
  readonly status: string;
  readonly error: string;
}

/** The server's error envelope; undefined when somebody else answered: a proxy's page, or nothing after a panic. */
export function envelopeOf(answer: HttpResponse): Envelope | undefined {
  try {
    const { status, error } = JSON.parse(answer.body.toString('utf8')) as Partial<Envelope>;
    return typeof error === 'string' ? { status: typeof status === 'string' ? status : '', error } : undefined;
  } catch {
    return undefined;
  }
}

/** The server's sentence, or the first words of what came instead of it. */
export function reasonOf(answer: HttpResponse): string {
  return envelopeOf(answer)?.error ?? firstWords(answer.body);
}

/** A web page, which is no answer of the API with whatever status: of a proxy that says "maintenance" or "log in" with 200. */
export function isPage(answer: HttpResponse): boolean {
  return /^\s*</.test(answer.body.toString('latin1', 0, 64));
}

/** What a person would read first on a page that is not cc-backend's. */
function firstWords(body: Buffer): string {
  const words = body
    .toString('utf8', 0, 4096)
    .replace(/<(style|script)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (words === '') return 'an empty answer';
  return words.length > 160 ? `${words.slice(0, 160)}…` : words;
}

/** `finding job failed: …` with 404, up to 1.4 with 422 (contract §4.2, §10). */
export function isMissing(answer: HttpResponse): boolean {
  if (answer.status !== 404 && answer.status !== 422) return false;
  return envelopeOf(answer)?.error.includes('finding job failed') ?? false;
}

/** Whether nothing on the other side answers at this path and method, which a 404 for a missing job is not (contract W17). */
export function isNoRoute(answer: HttpResponse): boolean {
  if (answer.status === 405) return true;
  return answer.status === 404 && !isMissing(answer) && envelopeOf(answer)?.status !== 'Not Found';
}

/** What is known where an answer is judged. */
export interface Surroundings {
  readonly token?: string;
  /** Unix milliseconds. */
  readonly now?: number;
  readonly profile?: ServerProfile | undefined;
}

/** The error for an answer that nobody expected; `what` names what was asked, e.g. `the start of job 7`. */
export function errorFor(answer: HttpResponse, what: string, { token, now = 0, profile }: Surroundings): SluiceError {
  const { status } = answer;
  const reason = reasonOf(answer);
  const said = `${status}: ${reason}`;
  if ((status === 401 || status === 403) && !isItsOwn(answer)) return blocked(answer, what);
  if (status === 401 || status === 403) {
    return new SluiceError('cc.denied', `cc-backend refuses the token (${said})`, { hint: deniedHint(reason, token, now) });
  }
  if (status >= 300 && status < 400) return redirected(answer, what);
  if (isNoRoute(answer)) {
    const hint = noRouteHint(answer, profile);
    return new SluiceError('cc.no-route', `cc-backend has no route for ${what} (${said})`, { hint });
  }
  const wait = retryAfterMs(answer.headers['retry-after'], now);
  const who = envelopeOf(answer) || answer.body.length === 0 ? 'cc-backend' : 'cc-backend, or a proxy before it,';
  return new SluiceError('cc.failed', `${who} answered ${what} with ${said}`, wait === undefined ? {} : { retryAfterMs: wait });
}

/** Whether cc-backend worded this refusal: all of its own are its envelope, one of them twice in a row (contract §2, a token without roles). */
function isItsOwn({ body }: HttpResponse): boolean {
  return /^\s*\{\s*"(?:error|status)"\s*:/.test(body.toString('utf8', 0, 256));
}

/** What stands between often says who it is, which cc-backend never does. */
function blocked(answer: HttpResponse, what: string): SluiceError {
  const names = ['server', 'via'].flatMap((name) => (answer.headers[name] ? [`${name}: ${answer.headers[name].slice(0, 60)}`] : []));
  const who = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return new SluiceError(
    'cc.blocked',
    `something before cc-backend${who} refused ${what} with ${answer.status}: ${reasonOf(answer)}; cc-backend was not asked`,
    {
      hint: 'It is not the token: a proxy, a firewall or a login page stands between. Let this host through there, or set ccRestUrl to cc-backend itself (and NO_PROXY where HTTPS_PROXY is set here).',
    },
  );
}

function deniedHint(reason: string, token: string | undefined, now: number): string {
  if (/unknown ip/i.test(reason)) {
    return 'Add this address to main.api-allowed-ips in cc-backend’s configuration (apiAllowedIPs up to 1.4, where an empty list refuses everybody).';
  }
  return token === undefined ? 'Make a token for a user with the role api alone: cc-backend -jwt NAME' : tokenHint(token, now / 1000);
}

function noRouteHint(answer: HttpResponse, profile: ServerProfile | undefined): string {
  if (profile?.starts === 'nats') {
    return 'Its configuration has main.api-subjects, which takes starts and stops by NATS only: configure natsServer and natsSubject here, or remove main.api-subjects there.';
  }
  if (profile && profile.version !== '1.5') {
    return `It is cc-backend ${profile.text ?? profile.version}, which does not have it yet: update it to 1.5.`;
  }
  if (envelopeOf(answer)?.status === 'Resource not found') {
    return 'It is a cc-backend: either its configuration has main.api-subjects, which turns REST starts and stops off, or ccRestUrl has a path too many (it must not end in /api).';
  }
  return 'What answers there is no cc-backend 1.3 or newer: check ccRestUrl and the proxy before it.';
}

function redirected(answer: HttpResponse, what: string): SluiceError {
  const location = answer.headers['location'] ?? 'nowhere';
  return new SluiceError('cc.no-route', `${what} was redirected to ${location} (${answer.status})`, {
    hint: 'Writes and tokens are sent to no other place: configure the address that it redirects to as ccRestUrl.',
  });
}
