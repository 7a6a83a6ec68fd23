export { type DemoRecording, demoNonce, type ExpectedJob, type Moment } from './demo/demo-recording.ts';
export { type Pass, passAt } from './demo/pass.ts';
export { runSluice } from './program.ts';
export { type Output, type Surroundings, systemSurroundings } from './surroundings.ts';
