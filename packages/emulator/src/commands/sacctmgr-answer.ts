import { fail, type SacctmgrCall } from './sacctmgr-call.ts';
import type { Conditions } from './sacctmgr-choose.ts';
import { fieldOf } from './sacctmgr-fields.ts';
import { type Cells, writeTable } from './sacctmgr-table.ts';

/** Writes rows with the columns that were asked for, or these. */
export function table(
  scene: SacctmgrCall,
  columns: readonly string[],
  { format, flags }: Partial<Conditions>,
  rows: Iterable<Cells>,
): number {
  const wanted = format ?? columns;
  const fields = wanted
    .filter((word) => word !== '')
    .map((word) => {
      const field = fieldOf(word, scene.major) ?? fail(scene, `Unknown field '${word.toLowerCase()}'\n`);
      return flags?.has('tree') === true && field.id === 'account' ? { ...field, width: -20 } : field;
    });
  writeTable((text) => scene.call.out(text), scene.style, fields, rows);
  return 0;
}
