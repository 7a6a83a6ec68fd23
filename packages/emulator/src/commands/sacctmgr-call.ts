import type { TresKind } from '@sluice/slurm';
import { SlurmError } from '../model/slurmctld.ts';
import type { EmulatedAssociation, Slurmdbd } from '../model/slurmdbd.ts';
import type { CommandCall } from './command.ts';
import type { JsonWish } from './json-answer.ts';
import type { TimeTexts } from './time-text.ts';

/** What one call of sacctmgr has to do with. */
export interface SacctmgrCall {
  readonly call: CommandCall;
  readonly database: Slurmdbd;
  /** Year × 100 + month of the release. */
  readonly major: number;
  readonly cluster: string;
  readonly times: TimeTexts;
  readonly style: TableStyle;
  /** `-i`: nobody is asked. */
  readonly immediate: boolean;
  readonly kinds: readonly TresKind[];
  /** `--json` or `--yaml` were given. */
  readonly json: JsonWish | undefined;
}

export interface TableStyle {
  readonly header: boolean;
  /** `table` has columns of fixed width, `ended` (`-p`) a bar behind every column, `between` (`-P`) between them. */
  readonly layout: 'table' | 'ended' | 'between';
}

/** Ends a call with what was said and an exit code. */
export class SacctmgrEnd extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`sacctmgr ends with ${code}`);
    this.code = code;
  }
}

/** Says it on stderr and ends with 1. */
export function fail({ call }: SacctmgrCall, text: string): never {
  call.err(text);
  throw new SacctmgrEnd(1);
}

/** Says it on stdout and ends with 1. */
export function endWith({ call }: SacctmgrCall, text: string): never {
  call.out(text);
  throw new SacctmgrEnd(1);
}

/** Asks whether to go on; `N` when stdin ends. 22.05 and 24.11 would ask for ever there. */
export async function confirmed(scene: SacctmgrCall, question = 'Would you like to commit changes?'): Promise<boolean> {
  const { call, immediate, major } = scene;
  if (immediate) return true;
  call.out(`${question} (You have 30 seconds to decide)\n(N/y): \n`);
  let text = '';
  for await (const bytes of call.stdin) {
    text += Buffer.from(bytes).toString('utf8');
    if (text !== '') return /^y/i.test(text);
  }
  if (major >= 2505) call.out('error: Inappropriate ioctl for device\n');
  return false;
}

export const discarded = ' Changes Discarded\n';

/** Runs a change; what slurmdbd refuses is said as sacctmgr says it. */
export function changed<T>(scene: SacctmgrCall, change: () => T, denied = denial): T {
  try {
    return change();
  } catch (error) {
    if (error instanceof SlurmError) return fail(scene, error.number === 2002 ? denied : ` Error with request: ${error.message}\n`);
    throw error;
  }
}

const denial = "sacctmgr: error: Your user doesn't have privilege to perform this action\n Error with request: Access/permission denied\n";

/** `C = cluster A = account of parent`, `C = cluster A = account U = user P = partition`: an association as sacctmgr names it. */
export function associationText(association: EmulatedAssociation, { own = false, accountWidth = 20 } = {}): string {
  const { cluster, account, user, partition, parent, parentId } = association;
  const head = `C = ${cluster.padEnd(10)} A = `;
  if (user !== '') {
    const where = partition === '' ? '' : ` P = ${partition}`;
    return `  ${head}${account.padEnd(accountWidth)} U = ${user.padEnd(9)}${where}\n`;
  }
  if (parentId === 0) return `  ${head}${account}\n`;
  return own ? `  ${head}${account} of ${parent}\n` : `  ${head}${account.padEnd(accountWidth)}\n`;
}
