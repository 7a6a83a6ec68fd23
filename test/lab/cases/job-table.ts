import { join } from 'node:path';
import type { EmulatedSlurm } from '@sluice/emulator';
import type { Lab } from '../lab.ts';

/** One row of slurmdbd's table of jobs, as it stands in the database. */
export interface DatabaseRow {
  readonly jobId: number;
  readonly uid: number;
  readonly submit: number;
  /** 0 when it never ran: slurmdbd writes the end as the start of a job that was cancelled before it had nodes. */
  readonly start: number;
  /** 0 when it has not ended. */
  readonly end: number;
  /** Base state, or the flag by which a row ended that was not the job's last. */
  readonly state: string;
  readonly code: number;
  readonly signal: number;
}

/** `enum job_states` of slurm.h; the table also keeps flags in the higher bits, for rows that ended by them. */
const states = [
  'PENDING',
  'RUNNING',
  'SUSPENDED',
  'COMPLETED',
  'CANCELLED',
  'FAILED',
  'TIMEOUT',
  'NODE_FAIL',
  'PREEMPTED',
  'BOOT_FAIL',
  'DEADLINE',
  'OUT_OF_MEMORY',
];
const flags: Readonly<Record<number, string>> = { 1024: 'REQUEUED', 8192: 'RESIZING' };

/** Reads the table with MariaDB's own client, or what the emulator keeps in its place: no Slurm command has a hand in it. */
export async function jobTable(lab: Lab): Promise<readonly DatabaseRow[]> {
  if (lab.emulated) return emulatedTable(lab.emulated);

  const query =
    'select id_job, id_user, time_submit, time_start, time_end, state, exit_code, nodelist from labcluster_job_table where deleted = 0';
  const socket = join(lab.dir, 'db/mariadb.sock');
  const text = await lab.ask('run', ['mariadb', '--no-defaults', '-S', socket, '-N', '-B', '-e', query, 'slurm_acct_db']);
  return text.split('\n').map((line) => {
    const words = line.split('\t');
    const [jobId = 0, uid = 0, submit = 0, started = 0, end = 0, state = 0, status = 0] = words.slice(0, 7).map(Number);
    const start = ['', 'NULL', 'None assigned'].includes(words[7] ?? '') ? 0 : started;
    return {
      jobId,
      uid,
      submit,
      start,
      end,
      state: flags[state & ~0xff] ?? states[state & 0xff] ?? String(state),
      code: status & 0x7f ? 0 : (status >> 8) & 0xff,
      signal: status & 0x7f,
    };
  });
}

function emulatedTable({ database }: EmulatedSlurm): readonly DatabaseRow[] {
  return [...database.jobRows({ duplicates: true })].map((row) => ({
    jobId: row.jobId,
    uid: row.uid,
    submit: row.submit,
    start: row.start ?? 0,
    end: row.end ?? 0,
    state: row.state,
    code: row.exit.code,
    signal: row.exit.signal,
  }));
}
