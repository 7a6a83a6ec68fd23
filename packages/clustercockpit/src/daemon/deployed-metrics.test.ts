import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { manualClock } from '@sluice/io';
import { createMetrics } from '@sluice/service';
import { daemonMetrics } from './daemon-metrics.ts';

const deploy = join(import.meta.dirname, '../../../../deploy');
const files = ['grafana/clustercockpit.json', 'prometheus/clustercockpit.rules.yml'] as const;

/** Metrics by name with the values that their labels had in one observation of every kind. */
async function exposition(): Promise<ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>> {
  const metrics = createMetrics({ prefix: 'sluice_cc_' });
  const sinks = ['rest', 'nats'] as const;
  const never = () => null;
  const counted = daemonMetrics({ metrics, journal: () => undefined, sinks, looked: never, tokenExpires: never, clock: manualClock() });
  counted.heard({ recorded: { started: 1, ended: 1 } as Parameters<typeof counted.heard>[0]['recorded'], rejects: 1 });
  for (const what of ['start', 'stop'] as const) counted.attempt('rest', { what, result: 'stands', lag: 1 });
  for (const result of [401, 403]) counted.http({ name: 'start', result, durationMs: 1 } as Parameters<typeof counted.http>[0]);
  for (const command of ['squeue', 'scontrol', 'sacct', 'sacctmgr']) {
    for (const result of ['ok', 'timeout']) counted.slurm({ command, milliseconds: 1, result });
  }
  for (const what of ['spool', 'socket', 'refused', 'foreign'] as const) counted.hook(what);
  const found = new Map<string, Map<string, Set<string>>>();
  for (const [, name = '', labels = ''] of (await metrics.text()).matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    const ofMetric = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, ofMetric);
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      ofMetric.set(label, (ofMetric.get(label) ?? new Set()).add(value));
    }
  }
  return found;
}

/** The expressions of a file, as text. */
function expressions(file: (typeof files)[number]): readonly string[] {
  const text = readFileSync(join(deploy, file), 'utf8');
  if (file.endsWith('.json'))
    return [...text.matchAll(/"(?:expr|definition)": ("(?:[^"\\]|\\.)*")/g)].map(([, json = '""']) => JSON.parse(json));
  return [...text.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*))/gm)].map(([, folded, plain]) => folded ?? plain ?? '');
}

const ours = /\b((?:sluice_cc|process|nodejs)_\w+)(?:\{([^}]*)\})?/g;
/** What Prometheus and Grafana add. */
const added = ['instance', 'job', 'le'];

describe('the dashboard and the alerts', () => {
  let known: Awaited<ReturnType<typeof exposition>>;
  before(async () => {
    known = await exposition();
  });

  for (const file of files) {
    it(`${file} names only metrics, labels and values that the daemon has`, () => {
      const all = expressions(file);
      assert.ok(all.length > 10);
      for (const expression of all) {
        assert.match(expression, /\b(?:sluice_cc_|process_|nodejs_|up\b)/);
        for (const [, name = '', selector = ''] of expression.matchAll(ours)) {
          const labels = known.get(name);
          assert.ok(labels, `${name} in: ${expression}`);
          for (const [, label = '', operator = '', value = ''] of selector.matchAll(/(\w+)(=~?)"([^"]*)"/g)) {
            if (added.includes(label)) continue;
            const wanted = operator === '=~' ? value.split('|') : [value];
            for (const one of wanted) assert.ok(labels.get(label)?.has(one), `${name}{${label}="${one}"} in: ${expression}`);
          }
        }
        for (const [, grouped = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
          const labels = new Set([
            ...added,
            ...[...expression.matchAll(ours)].flatMap(([, name = '']) => [...(known.get(name)?.keys() ?? [])]),
          ]);
          for (const label of grouped.split(',')) assert.ok(labels.has(label.trim()), `by (${label}) in: ${expression}`);
        }
      }
    });
  }

  it('show or watch every metric of the daemon', () => {
    const text = files.flatMap(expressions).join('\n');
    const names = [...known.keys()].filter((name) => name.startsWith('sluice_cc_') && !/_(?:sum|count|bucket)$/.test(name));
    // NATS has no commit to wait for.
    for (const name of names.filter((one) => one !== 'sluice_cc_nats_awaiting_commit'))
      assert.ok(text.includes(name), `nobody looks at ${name}`);
  });

  it('and the documents say what each metric is', () => {
    const page = readFileSync(join(deploy, '../docs/clustercockpit.md'), 'utf8');
    const names = [...known.keys()].map((name) =>
      name.replace(/_(?:sum|count|bucket)$/, '').replace(/^sluice_cc_(?:rest|nats)_/, 'sluice_cc_SINK_'),
    );
    for (const name of new Set(names)) assert.match(page, new RegExp(`\`${name.replace(/^sluice_cc_/, '')}[\`{]`), `no word about ${name}`);
  });
});
