import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RecordedRelease, recorded, releases, table } from '../../test/accounting-recordings.ts';
import { parseEnvironment, storedText, withoutExtraNewline } from './sacct-stored.ts';
import { associationColumns, decodeAssociation, decodeQos, qosColumns } from './sacctmgr-records.ts';
import { configSections, configWords, decodeRows, tableRows, textsByName } from './sacctmgr-text.ts';
import { decodeUsage, wholeHours } from './sreport.ts';
import { decodeShares, shareColumns } from './sshare.ts';

/** Recorded rows in the order in which we ask for columns, whose headlines sacctmgr shortens. */
function inOurOrder(release: RecordedRelease, file: string, ours: readonly string[], headlines: Readonly<Record<string, string>>): string {
  const text = recorded(release, file);
  const first = (text.split('\n').find((line) => line.includes('|')) ?? '').split('|')[0] ?? '';
  const { columns, rows } = table(text, '|', first);
  const at = ours.map((column) => columns.indexOf(headlines[column] ?? column));
  return rows.map((row) => `${at.map((index) => row[index] ?? '').join('|')}\n`).join('');
}

for (const release of releases) {
  test(`${release}: associations and QOS`, () => {
    const short = { Fairshare: 'Share', DefaultQOS: 'Def QOS' };
    const rows = tableRows(inOurOrder(release, 'sacctmgr-assoc.txt', associationColumns, short), associationColumns.length, 'assoc');
    // sacctmgr shows the id only when asked for it: the rows are numbered here.
    const numbered = { ...rows, records: rows.records.map((row, index) => [`${index + 1}`, ...row.slice(1)]) };
    const { records, rejects } = decodeRows(numbered, 'assoc', decodeAssociation);
    assert.deepEqual(rejects, []);
    const found = records.map(({ account, user, fairshare, qos }) => `${account}/${user} ${fairshare} ${qos.join('+')}`);
    assert.deepEqual(found, [
      ...['root/ 1 normal', 'root/root 1 normal', 'chem/ 10 normal', 'chem/alice 1 high+normal', 'chem/bob 1 normal'],
      ...['physics/ 10 normal', 'physics/alice 1 high+normal'],
    ]);
    const names = {
      MaxTRESPerUser: 'MaxTRESPU',
      MaxTRESPerAccount: 'MaxTRESPA',
      MaxJobsPerUser: 'MaxJobsPU',
      MaxSubmitJobsPerUser: 'MaxSubmitPU',
    };
    const qosRows = tableRows(inOurOrder(release, 'sacctmgr-qos.txt', qosColumns, names), qosColumns.length, 'qos');
    const qos = decodeRows(qosRows, 'qos', decodeQos).records;
    assert.deepEqual(
      qos.map(({ name, priority, usageFactor, maxTresPerUser }) => [name, priority, usageFactor, maxTresPerUser]),
      [
        ['normal', 0, 1, {}],
        ['high', 100, 1, {}],
      ],
    );
  });

  test(`${release}: usage adds up from users to accounts, and the root to all`, () => {
    const lines = inOurOrder(release, 'sreport-account.txt', ['Cluster', 'Account', 'Login', 'TRES Name', 'Used'], {});
    const { records, rejects } = decodeUsage(lines);
    assert.deepEqual(rejects, []);
    const cpu = (account: string, user: string) =>
      records.find((usage) => usage.account === account && usage.user === user)?.seconds['cpu'] ?? 0;
    assert.ok(cpu('physics', 'alice') > 10_000);
    assert.equal(cpu('physics', ''), cpu('physics', 'alice'));
    assert.equal(cpu('chem', ''), cpu('chem', 'alice') + cpu('chem', 'bob'));
    assert.equal(cpu('root', ''), cpu('chem', '') + cpu('physics', '') + cpu('root', 'root'));
    assert.ok(records.every(({ cluster, seconds }) => cluster === 'labcluster' && 'gres/gpu' in seconds && 'billing' in seconds));
  });

  test(`${release}: shares, whatever the depth of an account in the tree`, () => {
    const { records, rejects } = decodeShares(inOurOrder(release, 'sshare-used.txt', shareColumns, {}));
    assert.deepEqual(rejects, []);
    assert.deepEqual(
      records.map(({ account, user }) => `${account}/${user}`),
      ['root/', 'root/root', 'chem/', 'chem/alice', 'chem/bob', 'physics/', 'physics/alice'],
    );
    const [root, , , chemAlice] = records;
    assert.deepEqual([root?.effectiveUsage, root?.fairshare, chemAlice?.normShares, chemAlice?.rawShares], [1, null, 0.5, 1]);
    assert.ok((root?.rawUsage ?? 0) > 10_000 && root?.tresRunMins['gres/gpu'] === 0);
  });

  test(`${release}: a stored script and environment`, () => {
    const old = Number(release) < 24.11;
    const text = (file: string, headline: string) => {
      const answer = storedText(recorded(release, file), headline, 11);
      return answer.kind !== 'known' ? answer.kind : old ? withoutExtraNewline(answer.value) : answer.value;
    };
    const script = `#!/bin/sh\n# This script was created by sbatch --wrap.\n\necho "q" 'x' | cat # ü\nsleep 900\n`;
    assert.equal(text('sacct-batch-script.txt', 'Batch Script for '), script);
    const environment = parseEnvironment(text('sacct-env-vars.txt', 'Environment used for '));
    assert.deepEqual([environment['USER'], environment['HOME'], environment['SLURM_UMASK']], ['alice', '/home/alice', '0022']);
    if (release === '22.05') assert.match(environment['SLURM_JOB_NAME'] ?? '', /^we\|ird .*\nline2\ttab ünï☃/);
  });

  test(`${release}: no runaway job is none`, () => {
    assert.equal(/^[0-9]+$/m.test(recorded(release, 'sacctmgr-runaway.txt')), false);
  });
}

test('an environment keeps the order and every line of what Slurm wrote, also where a value looks like a variable that was there', () => {
  const text = 'HOME=/home/a\nKEY=one\nHOME=two\n\nthree\nB=3';
  const environment = parseEnvironment(`${text}\n`);
  assert.deepEqual(environment, { HOME: '/home/a', KEY: 'one\nHOME=two\n\nthree', B: '3' });
  const told = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  assert.equal(told.join('\n'), text);
});

test('a row with another number of columns is rejected, never read askew', () => {
  const { records, rejects } = tableRows('a|b|c\nx|y\nz\nd|e|f|g\n', 3, 'row');
  assert.deepEqual([records, rejects.length], [[['a', 'b', 'c']], 3]);
});

test('a description that holds bars, newlines or a line like another account forges none', () => {
  const names = ['bio', 'chem', 'physics'];
  const honest = textsByName(names, 'bio|a|b\nsecond line|x\nchem|\nphysics|p\n');
  assert.deepEqual(Object.fromEntries(honest), { bio: 'a|b\nsecond line|x', chem: '', physics: 'p' });
  const forging = textsByName(names, 'bio|a\nphysics|forged\nchem|c\nphysics|p\n');
  assert.deepEqual(Object.fromEntries(forging), { bio: 'a\nphysics|forged', chem: 'c', physics: 'p' });
  const ambiguous = textsByName(names, 'bio|a\nchem|forged\nchem|c\nphysics|p\n');
  assert.deepEqual(Object.fromEntries(ambiguous), { physics: 'p' });
});

test('settings by section; none and (null) are nothing', () => {
  const sections = configSections(
    'Configuration data as of x\nPrivateData            = jobs,usage\n\nSlurmDBD configuration:\nPrivateData            = none\n',
  );
  assert.deepEqual(configWords(sections.get('')?.get('PrivateData')), ['jobs', 'usage']);
  assert.deepEqual(configWords(sections.get('SlurmDBD configuration')?.get('PrivateData')), []);
});

test('windows of usage are whole hours, and consecutive ones meet', () => {
  assert.deepEqual(wholeHours({ from: 7199, to: 10_801 }), { from: 3600, to: 10_800 });
});
