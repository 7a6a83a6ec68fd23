export type { Clock } from './clock.ts';
export { type ManualClock, manualClock } from './clock-manual.ts';
export { systemClock } from './clock-system.ts';
export { describeError, exitCodeOf } from './describe-error.ts';
export { type ErrorCode, errorTable, isCode, SluiceError } from './errors.ts';
export type { HttpClient, HttpClientOptions, HttpObservation, HttpRequest, HttpResponse } from './http.ts';
export { httpClient } from './http-client.ts';
export { readAuthorities, trustedAuthorities } from './http-tls.ts';
export type { Call, Ended, Finished, Processes, ProcessStream, Program } from './process.ts';
export { systemProcesses } from './process-system.ts';
export {
  type ProcessRecording,
  type RecordedBytes,
  type RecordedCall,
  type ReplayOptions,
  readRecording,
  recordingProcesses,
  replayProcesses,
  writeRecording,
} from './recording.ts';
export { constantTimeEqual, isSecretName, redactObject, redactText, Secret } from './redact.ts';
export { Backoff, type BackoffPolicy, fullJitter, isTransient, type RetryOptions, retry, retryAfterMs } from './retry.ts';
export { type ReadSecret, readSecret, type SecretSource } from './secret-source.ts';
