import type { Call, Ended, Finished, Processes } from '@sluice/io';

/** What a program answers in a test of how its end is judged; records themselves come from recordings. */
export interface Scripted {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

/** Programs that answer as told; `calls` is what they were asked. */
export function scriptedProcesses(answer: (call: Call) => Scripted): Processes & { readonly calls: Call[] } {
  const calls: Call[] = [];
  async function run(call: Call): Promise<Finished> {
    calls.push(call);
    const { stdout = '', stderr = '', code = 0 } = answer(call);
    return { code, signal: null, stderr, durationMs: 1, stdout: Buffer.from(stdout, 'utf8') };
  }
  function stream(call: Call) {
    const finished = run(call);
    const read = Promise.withResolvers<void>();
    async function* stdout(): AsyncGenerator<Buffer> {
      yield (await finished).stdout;
      read.resolve();
    }
    // A program that has written does not end before that is read.
    const ended = finished.then(async (end): Promise<Ended> => {
      if (end.stdout.length > 0) await read.promise;
      return end;
    });
    return { stdout: stdout(), ended };
  }
  return { calls, run, stream };
}

/** A row of squeue as this call asks for it: the usual job, with some columns of its own, and one left out. */
export function squeueRow(call: Call, own: Readonly<Record<string, string>>, lacking = ''): string {
  const format = call.args.find((arg) => arg.startsWith('--Format='))?.slice('--Format='.length) ?? '';
  const columns = format
    .split(',')
    .map((column) => column.split(':'))
    .filter(([name]) => name !== lacking);
  return `${columns.map(([name = '', delimiter = '']) => `${own[name] ?? usual[name] ?? ''}${delimiter}`).join('')}\n`;
}

const usual: Readonly<Record<string, string>> = {
  ...{ JobID: '7', ArrayJobID: '7', ArrayTaskID: 'N/A', HetJobID: 'N/A', HetJobOffset: 'N/A', Cluster: 'c', Name: 'x', UserName: 'alice' },
  ...{ UserID: '1001', GroupName: 'alice', GroupID: '1001', Account: 'a', Partition: 'cpu', QOS: 'normal', State: 'RUNNING' },
  ...{ Reason: 'None', exit_code: '0:0', SubmitTime: '1795260000', EligibleTime: '1795260000', StartTime: '1795260001', EndTime: 'N/A' },
  ...{ TimeLimit: '1:00:00', NodeList: 'node01', NumNodes: '1', NumCPUs: '2', 'tres-alloc': 'cpu=2,mem=2000M,node=1,billing=2' },
  ...{ Comment: '(null)', admin_comment: '(null)', WorkDir: '/home', RestartCnt: '0', PriorityLong: '1', Dependency: '(null)' },
  ...{ BatchHost: 'node01', OverSubscribe: 'OK', STDOUT: 'o', STDERR: 'e', STDIN: '/dev/null', Command: '(null)', WCKey: '(null)' },
};
