import { spawnSync } from 'node:child_process';

/** Milliseconds that a program takes from start to end; it must succeed. */
export function timed(program: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const began = performance.now();
  const { status } = spawnSync(program, args, { env, stdio: 'ignore' });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`);
  return took;
}
