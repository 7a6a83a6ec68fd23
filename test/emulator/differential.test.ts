import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandOf, type Difference, differencesOf } from './compare.ts';
import { isListed, type ListedDifference, readList } from './listed-differences.ts';
import { type Race, races } from './races.ts';
import { formOf, readAnswer } from './read-answer.ts';
import { isRead, readColumns } from './read-by-sluice.ts';
import { type Recording, readRecording, recordedReleases } from './recordings.ts';
import { sameValue } from './same-value.ts';
import { playRecorded } from './scenario.ts';

/** Differences in columns that Sluice does not read, each with its reason. May only shrink. */
const accepted = readList('accepted-differences.tsv');
/** Differences in columns that Sluice reads: what is left to mend. May only shrink. */
const open = readList('open-differences.tsv');
const lists = [...accepted, ...open];
const occurred = new Set<string>();
const inRelease = (entry: ListedDifference, release: string): string => JSON.stringify([entry, release]);
const isRace = ({ commands, columns, rows }: Race, { command, column, row }: Difference): boolean =>
  commands.test(command) && columns.test(column) && rows.test(row);

for (const release of recordedReleases) {
  describe(`Slurm ${release}: the emulator plays the recorded scenario`, async () => {
    const recording = readRecording(release);
    const played = await playRecorded(recording);
    const found = played.flatMap((one) => differencesOf(one, recording.beganAt));

    test('every recorded command has been asked', () => {
      const asked = played.map(({ moment, recorded }) => `${moment}/${recorded.name}`);
      const recorded = Object.entries(recording.commands).flatMap(([moment, commands]) => commands.map(({ name }) => `${moment}/${name}`));
      assert.deepEqual(asked.sort(), recorded.sort());
    });

    test('nothing differs beyond times and ids but what is listed', (t) => {
      const racing = found.filter((difference) => races.some((race) => isRace(race, difference)));
      const rest = found.filter((difference) => !racing.includes(difference));
      const entries = lists.filter((entry) => rest.some((difference) => isListed(entry, release, difference)));
      for (const entry of entries) occurred.add(inRelease(entry, release));
      const count = (list: readonly ListedDifference[]): number => entries.filter((entry) => list.includes(entry)).length;
      t.diagnostic(`Slurm ${release}: ${count(accepted)} accepted differences and ${count(open)} open ones in ${played.length} answers`);
      const unknown = rest.filter((difference) => !lists.some((entry) => isListed(entry, release, difference)));
      assert.deepEqual(unknown.map(sentence), []);
    });
  });
}

describe('the lists of differences', () => {
  test('hold nothing that does not occur any more', () => {
    const gone = lists.flatMap((entry) =>
      (entry.releases === 'all' ? recordedReleases : entry.releases)
        .filter((release) => !occurred.has(inRelease(entry, release)))
        .map((release) => `${release}: ${entry.command} ${entry.column} (${entry.rows})`),
    );
    assert.deepEqual(gone, []);
  });

  test('accept nothing in a column that Sluice reads', () => {
    for (const [command, columns] of Object.entries(readColumns)) assert.ok(columns.size > 0, `what is read of ${command}`);
    assert.deepEqual(
      accepted.filter(({ command, column, rows }) => isRead(command, column, rows)),
      [],
    );
    for (const { command, column, rows } of open)
      assert.ok(isRead(command, column, rows), `${command} ${column} is not read: it can be accepted`);
  });

  test('call a race only what differs among the recorded releases themselves', () => {
    const recordings = recordedReleases.map(readRecording);
    for (const race of races) assert.ok(differsAmong(recordings, race), `it is not so: ${race.why}`);
  });
});

function differsAmong(recordings: readonly Recording[], race: Race): boolean {
  const seen = new Map<string, string>();
  for (const { beganAt, commands } of recordings) {
    for (const [moment, all] of Object.entries(commands)) {
      for (const recorded of all) {
        const command = commandOf(recorded);
        if (!race.commands.test(command)) continue;
        for (const { row, column, value } of readAnswer(formOf(recorded.argv), recorded.stdout, recorded.argv)) {
          if (!race.rows.test(row) || !race.columns.test(column)) continue;
          const place = JSON.stringify([moment, recorded.name, row, column]);
          const before = seen.get(place);
          if (before !== undefined && !sameValue(before, value, { command, column, beganAt })) return true;
          seen.set(place, value);
        }
      }
    }
  }
  return false;
}

function sentence({ moment, name, row, column, recorded, emulated }: Difference): string {
  return `${moment}/${name}: ${column} of ${row}: ${recorded ?? 'nothing'} in the recording, ${emulated ?? 'nothing'} on the emulator`;
}
