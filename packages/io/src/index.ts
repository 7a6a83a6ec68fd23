export type { Clock } from './clock.ts';
export { type ErrorCode, errorTable, isCode, SluiceError } from './errors.ts';
export type { HttpClient, HttpClientOptions, HttpObservation, HttpRequest, HttpResponse } from './http.ts';
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
