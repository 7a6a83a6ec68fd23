import { hostname } from 'node:os';
import { type CheckFinding, check, checkExitCode, type SystemUser } from '@sluice/clustercockpit';
import { isCode, SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import { oneLine } from '../table.ts';
import { type CcOptions, slurmOf, withConfig } from './cc-open.ts';

export interface CheckCommandOptions extends CcOptions {
  readonly json?: boolean;
  readonly user?: string;
}

const marks = { ok: 'ok   ', warning: 'WARN ', error: 'ERROR' } as const;
const longest = 1000;

/** Tests what the daemon depends on, and prints what mends it; the exit code is that of the worst error. */
export async function runCheck(options: CheckCommandOptions, around: Surroundings): Promise<number> {
  const user = await userToCheck(options.user, around);
  const asUser: Surroundings = { ...around, userName: () => user.name };
  const findings: CheckFinding[] = [];
  let group = '';
  await check({
    file: options.config,
    strict: options.strict ?? false,
    connect: (config, cluster) => slurmOf(config, cluster, asUser),
    clock: around.clock,
    random: Math.random,
    env: around.env,
    hostname: hostname(),
    user,
    userOf: (name) => lookUp(name, around),
    say({ mend, ...said }) {
      const finding = { ...said, ...(mend === undefined ? {} : { mend: withConfig(mend, options) }) };
      findings.push(finding);
      around.interrupted.throwIfAborted();
      if (options.json) return;
      if (finding.group !== group) around.stdout.write(`${group === '' ? '' : '\n'}${finding.group}\n`);
      group = finding.group;
      around.stdout.write(linesOf(finding));
    },
  });
  const exitCode = checkExitCode(findings);
  const count = (verdict: 'error' | 'warning') => {
    const { length } = findings.filter((one) => one.verdict === verdict);
    return `${length} ${verdict}${length === 1 ? '' : 's'}`;
  };
  if (options.json) around.stdout.write(`${JSON.stringify({ user: user.name, findings, exitCode })}\n`);
  else
    around.stdout.write(
      `\n${count('error')}, ${count('warning')}; judged for the user ${user.name}${options.user === undefined ? '; --user judges for the daemon’s' : ''}\n`,
    );
  return exitCode;
}

function linesOf({ verdict, what, says, mend }: CheckFinding): string {
  const hint = mend === undefined ? '' : `         → ${oneLine(mend, longest)}\n`;
  return `  ${marks[verdict]}  ${oneLine(what, longest)}: ${oneLine(says, longest)}\n${hint}`;
}

async function userToCheck(name: string | undefined, around: Surroundings): Promise<SystemUser> {
  if (name === undefined) {
    return { name: around.userName(), uid: process.getuid?.() ?? 0, gids: [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])] };
  }
  const user = await lookUp(name, around);
  if (user) return user;
  throw new SluiceError('usage', `--user: there is no user ${JSON.stringify(name)}`, {
    hint: `Make one: useradd --system --no-create-home ${name}`,
  });
}

/** A user as the system's directories know it, LDAP included. */
async function lookUp(name: string, { processes }: Surroundings): Promise<SystemUser | undefined> {
  if (!/^[A-Za-z0-9_][\w.@-]*$/.test(name)) return undefined;
  const program = { name: 'id', timeoutMs: 10_000, inherit: ['PATH'], maxOutputBytes: 1_000_000 };
  const numbers = async (flag: string) => {
    const { code, stdout } = await processes.run({ program, args: [flag, name] });
    return code === 0 ? stdout.toString('utf8').trim().split(/\s+/).map(Number) : [];
  };
  try {
    const [uid] = await numbers('-u');
    return uid === undefined ? undefined : { name, uid, gids: await numbers('-G') };
  } catch (error) {
    if (isCode(error, 'process.missing', 'process.failed')) return undefined;
    throw error;
  }
}
