import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import fc from 'fast-check';
import type { StartPayload, StopPayload } from '../cc/payloads.ts';
import { character } from '../character.fixture.ts';
import { decodeLines } from './line-decoder.fixture.ts';
import { encodeLine, jobLines, nodeStateLine } from './line-protocol.ts';

const start: StartPayload = {
  jobId: 123000,
  cluster: 'fritz',
  user: 'k106eb10',
  project: 'k106eb',
  partition: 'main',
  shared: 'none',
  walltime: 86400,
  numNodes: 1,
  numHwthreads: 72,
  numAcc: 0,
  startTime: 1649723812,
  resources: [{ hostname: 'f0726' }],
  metaData: { jobName: 'my "job"', jobScript: '#!/bin/bash\necho a\\b\n' },
};
const stop: StopPayload = { jobId: 123000, cluster: 'fritz', startTime: 1649723812, jobState: 'completed', stopTime: 1649763839 };
const states = {
  cluster: 'fritz',
  nodes: [{ hostname: 'f0726', states: ['allocated'], cpusAllocated: 72, memoryAllocated: 245760, gpusAllocated: 0, jobsRunning: 1 }],
};

// The examples of contract §6.3, character by character.
const exampleStart = String.raw`job,function=start_job event="{\"jobId\":123000,\"cluster\":\"fritz\",\"user\":\"k106eb10\",\"project\":\"k106eb\",\"partition\":\"main\",\"shared\":\"none\",\"walltime\":86400,\"numNodes\":1,\"numHwthreads\":72,\"numAcc\":0,\"startTime\":1649723812,\"resources\":[{\"hostname\":\"f0726\"}],\"metaData\":{\"jobName\":\"my \\\"job\\\"\",\"jobScript\":\"#!/bin/bash\\necho a\\\\b\\n\"}}" 1649723812000000000`;
const exampleStop = String.raw`job,function=stop_job event="{\"jobId\":123000,\"cluster\":\"fritz\",\"startTime\":1649723812,\"jobState\":\"completed\",\"stopTime\":1649763839}" 1649763839000000000`;
const exampleStates = String.raw`nodestate event="{\"cluster\":\"fritz\",\"nodes\":[{\"hostname\":\"f0726\",\"states\":[\"allocated\"],\"cpusAllocated\":72,\"memoryAllocated\":245760,\"gpusAllocated\":0,\"jobsRunning\":1}]}" 1649723900000000000`;

test('§6.3: the three examples come out character by character', () => {
  const line = (name: string, event: object, time: number) =>
    encodeLine({ measurement: 'job', tags: { function: name }, event: JSON.stringify(event), time });
  assert.equal(line('start_job', start, start.startTime), exampleStart);
  assert.equal(line('stop_job', stop, stop.stopTime), exampleStop);
  assert.equal(nodeStateLine(states, 1649723900), `${exampleStates}\n`);
});

test('§6.3: the three examples are read back by the decoder', () => {
  const [one, two, three] = decodeLines([exampleStart, exampleStop, exampleStates].join('\n'));
  assert.deepEqual(JSON.parse(one?.event ?? ''), start);
  assert.deepEqual(JSON.parse(two?.event ?? ''), stop);
  assert.deepEqual(JSON.parse(three?.event ?? ''), states);
});

test('§6.2: a start carries the tags of cc-slurm-adapter in the order of its encoder', () => {
  const text = jobLines([{ function: 'start_job', payload: start }], 'slurm01');
  assert.match(text, /^job,function=start_job,hostname=slurm01,type=node,type-id=0 event="\{.*\}" 1649723812000000000\n$/);
});

test('§6.2: a stop carries the partition as well, and its time', () => {
  const text = jobLines([{ function: 'stop_job', payload: stop, partition: 'main' }], 'slurm01');
  assert.match(text, /^job,function=stop_job,hostname=slurm01,partition=main,type=node,type-id=0 event="\{.*\}" 1649763839000000000\n$/);
});

test('§9.3: the events of one message keep their order', () => {
  const text = jobLines(
    [
      { function: 'start_job', payload: start },
      { function: 'stop_job', payload: stop, partition: 'main' },
    ],
    'slurm01',
  );
  assert.deepEqual(
    decodeLines(text).map(({ tags }) => tags['function']),
    ['start_job', 'stop_job'],
  );
});

test('§6.3: an empty tag is left out', () => {
  const text = jobLines([{ function: 'stop_job', payload: stop, partition: '' }], '');
  assert.match(text, /^job,function=stop_job,type=node,type-id=0 /);
});

test('§6.3: tag values are escaped, and what would break the line is replaced', () => {
  const line = encodeLine({ measurement: 'job', tags: { partition: 'a b,c=d\n\t\0e\\' }, event: '{}', time: 1 });
  assert.equal(line, String.raw`job,partition=a\ b\,c\=d___e_ event="{}" 1000000000`);
});

test('a time that the decoder would refuse or cut is not written', () => {
  for (const time of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 9_223_372_037]) {
    assert.throws(
      () => encodeLine({ measurement: 'job', tags: {}, event: '{}', time }),
      (error) => isCode(error, 'data.invalid'),
    );
  }
  assert.match(encodeLine({ measurement: 'job', tags: {}, event: '{}', time: 9_223_372_036 }), / 9223372036000000000$/);
});

test('§6.3: whatever users write into a job comes back as it was', () => {
  const text = fc.oneof(
    fc.string({ unit: character }),
    fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\r', '\t', 'n', ',', '=', ' ', '{') }),
  );
  const event = fc.record(
    { name: text, script: text, tag: text, time: fc.integer({ min: 1, max: 4_000_000_000 }) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 3 }), (events) => {
      const lines = events.map(({ name, script, tag, time }) =>
        encodeLine({ measurement: 'job', tags: { function: 'start_job', partition: tag }, event: JSON.stringify({ name, script }), time }),
      );
      const decoded = decodeLines(lines.join('\n')).map(({ event, tags, timestamp }) => ({
        ...JSON.parse(event),
        tag: tags['partition'],
        timestamp,
      }));
      const sent = events.map(({ name, script, tag, time }) => ({
        name,
        script,
        tag: tag === '' ? undefined : tag.replace(/[\x00-\x1f\x7f\\]/g, '_'),
        timestamp: BigInt(time) * 1_000_000_000n,
      }));
      assert.deepEqual(decoded, sent);
    }),
  );
});
