export { type Configuration, configuration, configurationMeta } from './configuration.ts';
export { runSluice } from './program.ts';
export { type Output, type Surroundings, systemSurroundings } from './surroundings.ts';
