/** One HTTP request, as data. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the client's base, e.g. `/api/jobs/start_job/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds until the whole answer must be there; the client's default otherwise. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Bounded name for metrics, e.g. `start_job`; never contains an id. */
  readonly name: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; an answer above the client's cap is the error `http.too-large`. */
  readonly body: Buffer;
}

/**
 * A client for one server. Any HTTP status is an answer; errors are `http.unreachable` (nothing was sent), `http.tls`,
 * `http.timeout` and `http.dropped` (the outcome is unknown), `http.too-large`, `data.invalid` for a header or path that
 * cannot be sent, and the reason of the request's signal. Only a GET dropped before its answer began is repeated, once.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** `https://host[:port][/prefix]`, `http://…`. */
  readonly baseUrl: string;
  /** Path of a unix socket to connect to; the host in `baseUrl` then only fills the Host header. */
  readonly socketPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for the whole answer; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Connections kept open at most; 4 by default. */
  readonly connections?: number;
  /** PEM file with further certificate authorities, beside the system's store. */
  readonly caFile?: string;
  /** Bytes of an answer at most; 64 MiB by default. */
  readonly maxBodyBytes?: number;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends every request that is under way, each with the signal's reason, and those that come later; for requests that share an end. */
  readonly signal?: AbortSignal;
  /** Called once per answer or error, for metrics. */
  readonly observe?: (observation: HttpObservation) => void;
}

export interface HttpObservation {
  readonly name: string;
  /** Status, or the error's code when there was no answer. */
  readonly result: number | string;
  readonly durationMs: number;
}
