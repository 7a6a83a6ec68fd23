import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ccBackendClient } from '@sluice/clustercockpit';
import { httpClient } from '@sluice/io';
import { Engine, goodToken, t0 } from './engine-bed.ts';
import { type NatsServer, noNatsServer, startNatsServer } from './nats-server.ts';
import { type Subscriber, subscribe } from './nats-subscriber.ts';

const skip = await noNatsServer();

describe('delivery by NATS', { skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer();
  });
  after(() => server.stop());

  const functionsOf = ({ received }: Subscriber) => received.map(({ payload }) => /function=(\w+)/.exec(payload)?.[1]);

  it('is told of a job after cc-backend has it, and of its end after cc-backend was', async () => {
    const witness = await subscribe(server.port, 'one');
    await using engine = await Engine.start({
      config: { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'one', startTag: 'a:b' },
    });
    engine.fault = ({ method, path }) =>
      method === 'POST' && path.includes('start_job') ? { kind: 'refuse', status: 500, error: 'database is locked' } : undefined;
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.pass(20);
    assert.deepEqual(functionsOf(witness), []);
    engine.fault = () => undefined;
    await engine.until('it stands', () => engine.stateOf(7, t0) === 'running', 120);
    // Long before anything else would wake it.
    await engine.until('it is told', () => witness.received.length === 1, 2);
    engine.fault = ({ method, path }) =>
      method === 'POST' && path.includes('stop_job') ? { kind: 'refuse', status: 500, error: 'database is locked' } : undefined;
    engine.ended(7, t0);
    await engine.pass(20);
    assert.deepEqual(functionsOf(witness), ['start_job']);
    engine.fault = () => undefined;
    await engine.until('cc-backend knows of its end', () => engine.stateOf(7, t0) === 'completed', 120);
    await engine.until('its end is told', () => witness.received.length === 2, 2);
    assert.deepEqual(functionsOf(witness), ['start_job', 'stop_job']);
    assert.match(witness.received[1]?.payload ?? '', /partition=cpu/);
    witness.close();
  });

  it('alone with ccRestSubmitJobs false, nothing is sent by REST; start before stop, each once', async () => {
    const witness = await subscribe(server.port, 'two');
    await using engine = await Engine.start({
      config: { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'two', ccRestSubmitJobs: false },
    });
    await engine.startDaemon();
    engine.slurm.onlyAccounted({ jobId: 7, start: t0 - 50, end: t0 - 40 });
    await engine.until('both are told', () => witness.received.length === 2, 60);
    await engine.pass(60);
    assert.deepEqual(functionsOf(witness), ['start_job', 'stop_job']);
    assert.equal(engine.writes('start_job').length, 0);
    witness.close();
  });

  it('W1: alone, a stop waits for twice the commit interval as it does by REST', async () => {
    const witness = await subscribe(server.port, 'five');
    const nats = { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'five' };
    await using engine = await Engine.start({ config: { ...nats, ccRestSubmitJobs: false, ccCommitInterval: 60 } });
    await engine.startDaemon();
    engine.slurm.onlyAccounted({ jobId: 7, start: t0 - 50, end: t0 - 40 });
    await engine.until('its start is told', () => witness.received.length === 1, 60);
    await engine.pass(100);
    assert.deepEqual(functionsOf(witness), ['start_job']);
    await engine.until('its end is told', () => witness.received.length === 2, 60);
    witness.close();
  });

  it('alone, beside a cc-backend that is asked: what did not arrive there is found by the comparison and told again', async () => {
    const witness = await subscribe(server.port, 'six');
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.started(7, t0);
    await engine.stopDaemon();
    // cc-backend hears nothing of what is published from here on.
    const nats = { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'six' };
    await engine.startDaemon({ ...nats, ccRestSubmitJobs: false, ccPollInterval: 120 });
    engine.ended(7, t0);
    engine.slurm.begin({ jobId: 8, start: t0 + 1 });
    await engine.until('the end of the one and the start of the other are told', () => witness.received.length === 2, 60);
    await engine.until('both are told again', () => witness.received.length === 4, 300);
    assert.deepEqual(functionsOf(witness).toSorted(), ['start_job', 'start_job', 'stop_job', 'stop_job']);
    assert.equal(engine.stateOf(8, t0 + 1), undefined);
    witness.close();
  });

  for (const graphql of [true, false]) {
    it(`W2: alone, a run within a day of another of the same job is told once, ${graphql ? 'with' : 'without'} GraphQL`, async () => {
      const subject = `requeued-${graphql}`;
      const witness = await subscribe(server.port, subject);
      await using engine = await Engine.start({ config: { startTag: 'a:b' } });
      if (!graphql) engine.fault = ({ path }) => (path === '/query' ? { kind: 'refuse', status: 404, error: 'no' } : undefined);
      await engine.startDaemon();
      await engine.started(7, t0);
      engine.ended(7, t0);
      await engine.until('its first run is over', () => engine.stateOf(7, t0) === 'completed', 200);
      await engine.stopDaemon();
      // cc-backend takes nothing of what is published from here on, as it does with a run that it refuses.
      const nats = { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: subject };
      await engine.startDaemon({ ...nats, ccRestSubmitJobs: false, ccPollInterval: 60 });
      const second = engine.now + 5;
      engine.slurm.begin({ jobId: 7, start: second });
      await engine.until('it is told', () => witness.received.length === 1, 60);
      const compared = () => engine.lines('compared with cc-backend').length;
      const [before, unsent] = [compared(), 'SELECT reason FROM delivery WHERE todo = 4'];
      await engine.until('it is compared several times', () => compared() >= before + 4, 600);
      assert.deepEqual(functionsOf(witness), ['start_job']);
      assert.match(
        String(engine.journal(unsent)[0]?.['reason']),
        new RegExp(`one run of a job per day; the run that began at ${t0} stands`),
      );
      engine.ended(7, second);
      await engine.pass(60);
      assert.deepEqual(functionsOf(witness), ['start_job']);
      witness.close();
    });
  }

  it('REST dead: NATS waits for it; NATS dead: REST goes on, and NATS is told later', async () => {
    const own = await startNatsServer();
    await using engine = await Engine.start({
      config: { natsServer: '127.0.0.1', natsPort: own.port, natsSubject: 'three', startTag: 'a:b' },
      down: true,
    });
    await own.stop();
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.pass(20);
    await engine.startBackend();
    await engine.until('cc-backend has it', () => engine.stateOf(7, t0) === 'running', 120);
    await engine.pass(5);
    assert.equal(engine.journal("SELECT * FROM delivery WHERE sink = 'nats' AND todo = 1").length, 1, 'NATS waits');
    const again = await startNatsServer({ port: own.port });
    const witness = await subscribe(again.port, 'three');
    await engine.until('NATS is told', () => witness.received.length === 1, 200);
    witness.close();
    await engine.stopDaemon();
    await again.stop();
  });

  it('the end of a job that stood before us is told though nothing is known of its partition', async () => {
    const witness = await subscribe(server.port, 'four');
    const nats = { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'four' };
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    engine.slurm.begin({ jobId: 7, start: t0 - 100 });
    await engine.startDaemon({ journalPath: `${engine.directory}/before.db` });
    await engine.until('it stands', () => engine.stateOf(7, t0 - 100) === 'running');
    await engine.stopDaemon();
    await engine.startDaemon(nats);
    await engine.pass(12);
    engine.ended(7, t0 - 100);
    await engine.until('its end is told', () => witness.received.length === 1, 60);
    assert.doesNotMatch(witness.received[0]?.payload ?? '', /partition=[, ]/, 'an empty tag value is a syntax error (contract §6.3)');
    witness.close();
  });

  it('two controllers: what the other daemon has delivered is told neither to cc-backend nor to NATS again by the one that takes over', async () => {
    const witness = await subscribe(server.port, 'standby');
    const nats = { natsServer: '127.0.0.1', natsPort: server.port, natsSubject: 'standby' };
    await using engine = await Engine.start({ config: { ...nats, ccPollInterval: 60 } });
    const controllers = (up: boolean) => [
      { host: 'other', up },
      { host: 'head', up: true },
    ];
    engine.slurm.controllers = controllers(true);
    const http = httpClient({ baseUrl: engine.backend?.url ?? '', env: {} });
    const other = ccBackendClient(http, () => goodToken());
    await engine.startDaemon();
    const jobIds = Array.from({ length: 5 }, (_, index) => index + 1);
    for (const jobId of jobIds) {
      engine.slurm.begin({ jobId, start: t0 + jobId });
      await other.start({ ...aStart, jobId, startTime: t0 + jobId });
    }
    await engine.until('they are recognised', () => engine.journal('SELECT * FROM delivery WHERE known = 1').length === 10, 200);
    for (const jobId of jobIds) {
      engine.slurm.end({ jobId, start: t0 + jobId, end: engine.now, state: 'COMPLETED' });
      await other.stop({ cluster: 'labcluster', jobId, startTime: t0 + jobId, jobState: 'completed', stopTime: engine.now });
    }
    await engine.until('their ends are recognised', () => engine.journal('SELECT * FROM delivery WHERE known = 2').length === 10, 200);
    engine.slurm.controllers = controllers(false);
    await engine.until('it takes over', () => engine.lines('taking over').length === 1, 60);
    await engine.pass(30);
    assert.deepEqual([engine.writes('start_job').length, engine.writes('stop_job').length, witness.received.length], [5, 5, 0]);
    await http.close();
    witness.close();
  });
});

const aStart = {
  cluster: 'labcluster',
  user: 'alice',
  project: 'chem',
  partition: 'cpu',
  shared: 'none',
  numNodes: 1,
  numHwthreads: 1,
  numAcc: 0,
  resources: [{ hostname: 'node01' }],
  metaData: {},
  tags: [{ type: 'a', name: 'b' }],
} as const;
