import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A host on which cc-slurm-adapter was set up as its documents say, beneath a folder instead of /. */
export interface StockSite {
  /** The program and its arguments in `ExecStart=` of that unit. */
  readonly execStart: readonly [string, ...string[]];
  readonly workingDirectory: string;
  /** The hook of PrologSlurmctld and EpilogSlurmctld. */
  readonly hook: string;
  readonly pidFile: string;
  readonly socket: string;
}

/** Lays out the host, with `program` in the place of the executable. Nothing listens at the addresses in its configuration. */
export function layStockSite(folder: string, program: string): StockSite {
  const opt = join(folder, 'opt', 'cc-slurm-adapter');
  const run = join(folder, 'run', 'cc-slurm-adapter');
  const lib = join(folder, 'var', 'lib', 'cc-slurm-adapter');
  for (const path of [opt, run, lib]) mkdirSync(path, { recursive: true });
  const executable = join(opt, 'cc-slurm-adapter');
  symlinkSync(program, executable);
  const [pidFile, socket, config, hook] = [
    join(run, 'daemon.pid'),
    join(run, 'daemon.sock'),
    join(opt, 'config.json'),
    join(opt, 'hook.sh'),
  ];
  // Every key of the reference of that program.
  const keys = {
    pidFilePath: pidFile,
    prepSockListenPath: socket,
    prepSockConnectPath: socket,
    lastRunPath: join(lib, 'last_run'),
    slurmPollInterval: 60,
    slurmQueryDelay: 1,
    slurmQueryMaxSpan: 604_800,
    slurmQueryMaxRetries: 5,
    ccPollInterval: 21_600,
    ccRestSubmitJobs: true,
    ccRestUrl: 'http://127.0.0.1:9/',
    ccRestJwt: 'a token',
    gpuPciAddrs: { '^gpu0[0-9]$': ['00000000:00:10.0', '00000000:00:3F.0'] },
    ignoreHosts: '^test\\w+$',
    natsServer: '127.0.0.1',
    natsPort: 9,
    natsSubject: 'subject',
    natsUser: 'user',
    natsPassword: 'password',
  };
  writeFileSync(config, JSON.stringify(keys, undefined, 4), { mode: 0o600 });
  writeFileSync(hook, `#!/bin/sh\n\n'${executable}' -config '${config}'\n\nexit 0\n`, { mode: 0o755 });
  return { execStart: [executable, '-daemon', '-config', config], workingDirectory: opt, hook, pidFile, socket };
}
