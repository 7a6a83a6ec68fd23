import { accountingTexts } from './accounting-texts.ts';
import { controllerTexts } from './controller-texts.ts';
import { languageTargets } from './languages.ts';
import { sacctRows } from './sacct-rows.ts';
import { scontrolDetails } from './scontrol-details.ts';
import { scontrolJob } from './scontrol-job.ts';
import { scontrolNode } from './scontrol-node.ts';
import { squeueRows, squeueStates } from './squeue-rows.ts';
import type { FuzzTarget } from './target.ts';

/** Everything that is fed with generated inputs, by `npm run fuzz` and, briefly, by the tests. */
export const targets: readonly FuzzTarget[] = [
  ...languageTargets,
  sacctRows,
  squeueRows,
  squeueStates,
  scontrolJob,
  scontrolDetails,
  scontrolNode,
  controllerTexts,
  accountingTexts,
];
