export { type JwtClaims, mintJwt, userOfJwt } from './jwt.ts';
export { type Listen, type RunningSlurmrestd, type SlurmrestdOptions, serveSlurmrestd } from './serve-slurmrestd.ts';
