export { mintJwt } from './jwt.ts';
export { jwtKeyPath, keptJwtKey } from './jwt-key.ts';
export { type RunningSlurmrestd, type SlurmrestdOptions, serveSlurmrestd } from './serve-slurmrestd.ts';
