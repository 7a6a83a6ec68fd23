import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';

/** `sluice standin`: the systems on the other side, to try things by hand. */
export function addStandin(program: Command, around: Surroundings): void {
  const standin = program.command('standin').description('run a stand-in of a system that Sluice talks to, to try it by hand');
  standin
    .command('cc-backend')
    .description('a stand-in of ClusterCockpit’s cc-backend, until interrupted')
    .option('--listen <address>', 'HOST:PORT (port 0 takes a free one) or the path of a unix socket', '127.0.0.1:0')
    .option('--clusters <file>', 'JSON file with what GET /api/clusters/ answers; the test lab’s cluster by default')
    .option('--commit-interval <seconds>', 'how long a started job stays in job_cache', '60')
    .option('--database <file>', 'SQLite file to keep the jobs in, with the key of its tokens in FILE.key beside it; memory by default')
    .option('--token-lifetime <seconds>', 'after which the printed token is refused; for ever by default')
    .option('--release <version>', 'the release to answer as: 1.3, 1.4, 1.5, or one of theirs in full, like 1.4.2', '1.5')
    .option('--archive-delay <seconds>', 'what the archiver takes for each stopped job', '0')
    .option('--nats <address>', 'nats://HOST:PORT to take jobs and node states from; start and stop have no REST routes then')
    .option('--subject-job-event <subject>', 'where the jobs come from, with --nats', 'cc.job.event')
    .option('--subject-node-state <subject>', 'where the node states come from, with --nats', 'cc.node.state')
    .addHelpText(
      'after',
      `
It prints its address, a token with the role api and the clusters that it has, then a line per request. What comes over NATS is
answered to nobody: its outcome is a line here. Address and token go into ccRestUrl and ccRestJwt of the daemon's configuration. A token of
an earlier start is refused, unless there is a --database. --clusters takes what a real server has, in a file:
  curl -H "Authorization: Bearer TOKEN" https://cc.example.org/api/clusters/ > clusters.json

Examples:
  $ sluice standin cc-backend --listen 127.0.0.1:8080
  $ sluice standin cc-backend --listen /run/user/1000/cc.sock --commit-interval 5
  $ sluice standin cc-backend --listen 127.0.0.1:8080 --database /tmp/cc.db --clusters clusters.json
  $ sluice standin cc-backend --release 1.4
  $ sluice standin cc-backend --nats nats://127.0.0.1:4222
`,
    )
    .action(async (options: StandinOptions) => {
      const { serveCcBackend } = await import('./standin-cc-backend.ts');
      await serveCcBackend(options, around);
    });
}

export interface StandinOptions {
  readonly listen: string;
  readonly clusters?: string;
  readonly commitInterval: string;
  readonly database?: string;
  readonly tokenLifetime?: string;
  readonly release: string;
  readonly archiveDelay: string;
  readonly nats?: string;
  readonly subjectJobEvent: string;
  readonly subjectNodeState: string;
}
