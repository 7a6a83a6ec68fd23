export { type JwtClaims, mintJwt, userOfJwt } from './jwt.ts';
export { jwtKeyPath, keptJwtKey } from './jwt-key.ts';
export { type Listen, type RunningSlurmrestd, type SlurmrestdOptions, serveSlurmrestd } from './serve-slurmrestd.ts';
