import type { Fields, JsonCall } from '../json/index.ts';
import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import { answerJson } from './json-answer.ts';
import { fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { type Conditions, readConditions } from './sacctmgr-choose.ts';
import { fieldOf } from './sacctmgr-fields.ts';
import { associationCells } from './sacctmgr-rows.ts';
import { type Cells, writeTable } from './sacctmgr-table.ts';
import { splitWords } from './sacctmgr-words.ts';

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

/** The same as JSON or YAML, where that was asked for. */
export async function answer(scene: SacctmgrCall, json: (call: JsonCall) => Fields, text: () => number): Promise<number> {
  return scene.json === undefined ? text() : await answerJson(scene.call, 'sacctmgr', scene.json, json);
}

/** Conditions, whether they stand before or behind `where`; `nameOf` says whose names those without a key are. */
export function conditionsOf(scene: SacctmgrCall, words: readonly string[], nameOf: 'accounts' | 'users' | 'names'): Conditions {
  const { where, set } = splitWords(words);
  return readConditions(scene, [...where, ...set], nameOf);
}

/** An association's cells, as the flags of the call have it. */
export function cellsOf(association: EmulatedAssociation, flags: Conditions['flags']): Cells {
  return associationCells(association, { ownOnly: flags.has('withoutLimits'), rawQos: flags.has('withRawQos') });
}
