const signalSentences: Readonly<Record<number, string>> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  4: 'Illegal instruction',
  5: 'Trace/breakpoint trap',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  13: 'Broken pipe',
  14: 'Alarm clock',
  15: 'Terminated',
  24: 'CPU time limit exceeded',
};

/** What strsignal(3) says of a signal that ends jobs. */
export function signalSentence(signal: number): string {
  return signalSentences[signal] ?? (signal >= 34 && signal <= 64 ? `Real-time signal ${signal - 34}` : `Unknown signal ${signal}`);
}
