import { type Clock, type HttpClient, type HttpObservation, httpClient, readSecret, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import { type CcBackendClient, ccBackendClient } from '../cc/cc-backend-client.ts';
import { tokenFacts } from '../cc/token-facts.ts';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { told } from '../trouble.ts';

export interface CcBackendSideOptions {
  readonly config: AdapterConfig;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly said: SaidOnce;
  readonly observe: (observation: HttpObservation) => void;
  /** Ends what is under way; its outcome is unknown then, as after any lost answer. */
  readonly ending: AbortSignal;
}

/** The way to cc-backend: connection, token and client. Nothing is sent before the first request. */
export class CcBackendSide {
  readonly #options: CcBackendSideOptions;
  readonly #http: HttpClient | undefined;
  /** Null when the configuration names no cc-backend. */
  readonly client: CcBackendClient | null;
  #source: AdapterConfig['ccRestJwt'];
  #token = '';

  /** Errors: those of readSecret and of httpClient. */
  constructor(options: CcBackendSideOptions) {
    const { config, clock } = options;
    this.#options = options;
    this.#source = config.ccRestJwt;
    this.readToken(config);
    this.#http = config.ccRestUrl === null ? undefined : this.#open(config, config.ccRestUrl);
    this.client = this.#http ? ccBackendClient(this.#http, () => this.#token, { now: () => clock.now() }) : null;
  }

  #open(config: AdapterConfig, baseUrl: string): HttpClient {
    const { env, ending } = this.#options;
    return httpClient({
      baseUrl,
      timeoutMs: config.ccRestTimeout * 1000,
      connections: config.ccRestConcurrency + config.ccStopConcurrency + 1,
      ...(config.ccRestCaFile === null ? {} : { caFile: config.ccRestCaFile }),
      env,
      signal: ending,
      observe: (observation) => this.#asked(observation),
    });
  }

  /** Reads the token that a configuration names. Errors: `config.invalid`, `config.unreadable`; then the old one stays. */
  readToken({ ccRestJwt }: Pick<AdapterConfig, 'ccRestJwt'>): void {
    if (ccRestJwt === null) return;
    const { secret, findings } = readSecret('ccRestJwt', ccRestJwt, this.#options.env);
    for (const finding of findings) this.#options.log.warn(finding);
    this.#source = ccRestJwt;
    this.#token = secret.reveal();
  }

  /** Unix seconds; null when the token does not expire, or says nothing of it. */
  get tokenExpires(): number | null {
    return tokenFacts(this.#token)?.expires ?? null;
  }

  #asked(observation: HttpObservation): void {
    const { log, observe } = this.#options;
    if (log.isLevelEnabled('debug')) log.debug(observation, `cc-backend was asked: ${observation.name}: ${observation.result}`);
    observe(observation);
    if (observation.result === 401) this.#renewToken();
  }

  /** A token that was refused may have been renewed in its file meanwhile. */
  #renewToken(): void {
    const { env, said } = this.#options;
    const source = this.#source;
    if (source === null || source.value !== undefined) return;
    try {
      this.#token = readSecret('ccRestJwt', source, env).secret.reveal();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      said.begins('token', told(error));
      return;
    }
    said.ends('token', 'the token can be read again');
  }

  async close(): Promise<void> {
    await this.#http?.close();
  }
}
