export { runSluice } from './program.ts';
export { type Output, type Surroundings, systemSurroundings } from './surroundings.ts';
