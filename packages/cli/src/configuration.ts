import { type ConfigMeta, described, secondsSchema } from '@sluice/service';
import * as z from 'zod';

const origin = 'Sluice addition';

/** Seconds of a day: no question to Slurm takes longer, and a timer of Node holds 24 days at most. */
const day = 86_400;

/**
 * The configuration of Sluice, as data: from it come the reading with its messages, the JSON Schema and docs/configuration.md.
 * Every key may be left out.
 */
export const configuration = z.object({
  slurmBinPath: described(z.string().startsWith('/', { error: 'an absolute path' }).optional(), {
    description: 'Directory that holds Slurm’s commands. Without it they are looked for in PATH. Option: `--bin-path`.',
    origin,
    examples: ['/opt/slurm/bin'],
  }),
  slurmConf: described(z.string().startsWith('/', { error: 'an absolute path' }).optional(), {
    description:
      'The slurm.conf that Slurm’s commands use. Without it the environment’s `SLURM_CONF` holds, and without that Slurm’s own choice. Option: `--conf`.',
    origin,
    examples: ['/etc/slurm/slurm.conf'],
  }),
  cluster: described(
    z
      .string()
      .regex(/^\w[\w.-]*$/, { error: 'the name of one cluster' })
      .optional(),
    {
      description:
        'The cluster to ask, by its name in slurmdbd (`-M` of Slurm’s commands). Without it the one that this host belongs to. Option: `--cluster`.',
      origin,
      examples: ['alpha'],
    },
  ),
  slurmTimeout: described(secondsSchema({ min: 1, max: day }).optional(), {
    description:
      'After this time one command of Slurm is ended. Without it the time is longer than Slurm itself waits: twice MessageTimeout of slurm.conf for each controller. Option: `--timeout`.',
    origin,
    examples: [90, '2m'],
  }),
});

export type Configuration = z.output<typeof configuration>;

export const configurationMeta: ConfigMeta = {
  title: 'Configuration of Sluice',
  description: 'How Sluice reaches Slurm.',
};
