import { type HttpObservation, SluiceError } from '@sluice/io';
import { type Part, type PartContext, saidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { Delivery } from '../deliver/delivery.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import type { NatsPublisher } from '../nats/publisher.ts';
import { EventPump } from '../observe/event-pump.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { Shadow } from '../shadow/shadow.ts';
import { shadowConfig } from '../shadow/shadow-config.ts';
import { CcBackendSide } from './cc-backend-side.ts';
import type { CcDaemonOptions } from './cc-daemon-options.ts';
import { changedKeys, reloadedSettings, takesToken } from './changed-keys.ts';
import { type ClusterWatch, lastLook } from './cluster-watch.ts';
import { knownClusters, untilClustersKnown } from './clusters.ts';
import { Comparisons } from './comparisons.ts';
import { addDaemonHealth } from './daemon-health.ts';
import { type DaemonMetrics, daemonMetrics, type SlurmObservation } from './daemon-metrics.ts';
import { decideSettings } from './decide-settings.ts';
import { Decisions } from './decisions.ts';
import { HookEvents } from './hook-events.ts';
import { Housekeeping } from './housekeeping.ts';
import { openNats } from './nats-side.ts';
import { openSinks } from './open-sinks.ts';
import { openWatch } from './open-watch.ts';
import { rememberingSaid } from './past-problems.ts';
import { writePidFile } from './pid-file.ts';
import { Role } from './role.ts';
import { sinksOf } from './sinks-of.ts';

/** What a server gets to answer in when the daemon ends. */
const answerMs = 5000;
/** A cc-backend that hangs holds up the first look at Slurm for so many milliseconds at most. */
const firstComparisonMs = 10_000;

/** The daemon in place of cc-slurm-adapter's: its parts, in the order in which they start. */
export class CcDaemon {
  readonly #options: CcDaemonOptions;
  readonly #said: ReturnType<typeof rememberingSaid>;
  readonly #metrics: DaemonMetrics;
  #config: AdapterConfig;
  #journal: RunJournal | undefined;
  #ccBackend: CcBackendSide | undefined;
  #publisher: NatsPublisher | null = null;
  #decisions: Decisions | undefined;
  #comparisons: Comparisons | undefined;
  #deliveries: Delivery[] = [];
  #shadow: Shadow | undefined;
  #watches: ClusterWatch[] = [];
  readonly #local: SlurmReader;
  readonly #role: Role;
  readonly #pump: EventPump;
  readonly #running: Promise<void>[] = [];
  /** Aborts when what is asked and sent need not be waited for any longer. */
  readonly #ending = { slurm: new AbortController(), ccBackend: new AbortController() };

  constructor(options: CcDaemonOptions) {
    const { log, clock, metrics } = options;
    const config = options.shadow ? shadowConfig(options.config) : options.config;
    this.#options = { ...options, config };
    this.#config = config;
    this.#said = rememberingSaid(saidOnce({ log, clock }), clock);
    const { sinks } = sinksOf(config);
    const looked = () => lastLook(this.#watches);
    const tokenExpires = () => this.#ccBackend?.tokenExpires ?? null;
    this.#metrics = daemonMetrics({ metrics, journal: () => this.#journal, sinks, looked, tokenExpires, clock });
    this.#pump = new EventPump({
      observerOf: (cluster) => this.#watches.find(({ observer }) => observer.cluster === cluster)?.observer,
      clock,
      queryDelayMs: config.slurmQueryDelay * 1000,
      maxRetries: config.slurmMaxRetries,
      recorded: (who) => {
        this.#said.ends(`events ${who}`, `${who} answers about jobs of hook events again`);
        this.#wake();
      },
      failed: (who, error) => this.#said.begins(`events ${who}`, `${who}: jobs of hook events could not be asked about: ${String(error)}`),
    });
    this.#local = this.#connect(undefined);
    this.#role = new Role({
      controller: this.#local.controller,
      host: config.controllerHost ?? options.hostname,
      clock,
      log,
      changed: (acting, stopping) => this.#roleChanged(acting, stopping),
    });
  }

  get parts(): readonly Part[] {
    const { config, clock, health } = this.#options;
    let pidFile: { release(): void } | undefined;
    let hooks: HookEvents;
    return [
      {
        name: 'pid file',
        start: () => {
          if (this.#options.shadow) return;
          pidFile = writePidFile(config.pidFilePath, this.#options.pid);
        },
        stop: () => pidFile?.release(),
      },
      { name: 'cc-backend', start: () => this.#openCcBackend(), stop: () => this.#ccBackend?.close() },
      { name: 'journal', start: () => this.#openJournal(), stop: () => this.#journal?.close() },
      { name: 'sinks', start: () => this.#openSinks(), stop: () => this.#publisher?.close() },
      {
        name: 'hooks',
        start: async () => {
          hooks = this.#hookEvents();
          await hooks.listen();
        },
        stop: () => hooks.close(),
      },
      {
        name: 'health',
        start: () => {
          if (!health) return;
          addDaemonHealth(health, {
            clock,
            journal: () => this.#journal,
            watches: () => this.#watches,
            deliveries: () => this.#deliveries,
            whyNoClusters: () => this.#said.lasting().get('clusters')?.message,
            pollMs: config.slurmPollInterval * 1000,
          });
        },
      },
      { name: 'work', start: (context) => this.#begin(context, hooks), stop: () => this.#end() },
    ];
  }

  /**
   * Puts a changed configuration in force: secrets, and what is decided of a run. What else has changed needs a restart, and is
   * named. Errors: `config.invalid`, `config.unreadable` for a secret; then all stays as it was.
   */
  reload(read: AdapterConfig): void {
    const { log, shadow } = this.#options;
    const config = shadow ? shadowConfig(read) : read;
    if (takesToken(this.#options.config, config)) this.#ccBackend?.readToken(config);
    this.#config = config;
    for (const delivery of this.#deliveries) delivery.hurry();
    this.#decisions?.settle(reloadedSettings(this.#options.config, config));
    const changed = changedKeys(this.#options.config, config);
    if (changed.length > 0) log.warn(`these changes take effect after a restart: ${changed.join(', ')}`);
    this.#wake();
  }

  #connect(cluster: string | undefined): SlurmReader {
    const { connect, log } = this.#options;
    const observe = (observation: SlurmObservation) => {
      log.debug(observation, `Slurm was asked: ${observation.command}`);
      this.#metrics.slurm(observation);
    };
    return connect(cluster, observe, this.#ending.slurm.signal);
  }

  #openCcBackend(): void {
    const { config, clock, env, log } = this.#options;
    const observe = (observation: HttpObservation) => this.#metrics.http(observation);
    const ending = this.#ending.ccBackend.signal;
    this.#ccBackend = new CcBackendSide({ config, clock, env, log, said: this.#said, observe, ending });
  }

  get #client(): CcBackendClient | null {
    return this.#ccBackend?.client ?? null;
  }

  async #openJournal(): Promise<void> {
    const { config, clock, pid } = this.#options;
    this.#journal = await openRunJournal(config.journalPath, { clock, pid, ...sinksOf(config) });
  }

  get #open(): RunJournal {
    if (!this.#journal) throw new SluiceError('internal', 'the journal is not open');
    return this.#journal;
  }

  async #openSinks(): Promise<void> {
    const { config, clock, random, log, env, hostname, delivered } = this.#options;
    const settings = decideSettings(config);
    this.#decisions = new Decisions({ settings, client: this.#client, nodes: () => this.#nodes(), clock, said: this.#said });
    this.#shadow = this.#openShadow();
    this.#publisher = await openNats({ config, clock, random, env, log, said: this.#said });
    const writer = this.#shadow?.writer ?? this.#client;
    const sinks = openSinks({ config, writer, publisher: this.#publisher, decider: this.#decisions, journal: this.#open, clock, hostname });
    for (const sink of sinks) {
      this.#deliveries.push(
        new Delivery({
          sink: this.#shadow?.watch(sink) ?? sink,
          deliveries: this.#open.deliveries,
          clock,
          random,
          log,
          said: this.#said,
          observe: (attempt) => {
            this.#metrics.attempt(sink.name, attempt);
            if (attempt.result === 'stands') delivered?.();
          },
          ...(sink.name === 'rest' ? { doubt: () => this.#comparisons?.doubt(), settled: () => this.#wake() } : {}),
        }),
      );
    }
    // A dry run's journal says what would stand there, which a comparison would correct.
    if (this.#client && !this.#shadow) {
      this.#comparisons = new Comparisons({
        client: this.#client,
        journal: this.#open,
        sinks: sinksOf(config).sinks,
        delivers: () => this.#role.acting,
        watches: () => this.#watches,
        ccName: (cluster) => this.#config.clusterNames.get(cluster) ?? cluster,
        ...{ clock, log, said: this.#said },
        intervalMs: config.ccPollInterval * 1000,
        marginMs: 2 * config.ccCommitInterval * 1000,
        corrected: () => this.#wake(),
      });
    }
  }

  #nodes(): readonly Node[] {
    return this.#watches.flatMap(({ observer }) => observer.nodes);
  }

  #openShadow(): Shadow | undefined {
    const { shadow, config, clock, log } = this.#options;
    if (!shadow) return undefined;
    return new Shadow(shadow, {
      client: config.ccRestJwt === null ? null : this.#client,
      marginMs: 2 * config.ccCommitInterval * 1000,
      clock,
      log,
      said: this.#said,
      clusters: () =>
        this.#watches.map(({ observer: { cluster } }) => ({ cluster, ccCluster: this.#config.clusterNames.get(cluster) ?? cluster })),
      knows: (key) => this.#open.runs.stateOf(key) !== undefined,
    });
  }

  #wake(): void {
    for (const delivery of this.#deliveries) delivery.wake();
  }

  #hookEvents(): HookEvents {
    const { config, clock, log } = this.#options;
    return new HookEvents({
      spoolPath: config.spoolPath,
      address: config.prepSockListenPath,
      pump: this.#pump,
      clock,
      log,
      said: this.#said,
      observe: (what) => this.#metrics.hook(what),
    });
  }

  #begin({ stopping, fail }: PartContext, hooks: HookEvents): void {
    const keep = (work: Promise<unknown>) => {
      this.#running.push(work.then(() => {}, fail));
    };
    // Nothing that Slurm would answer now is of use to a daemon that ends.
    stopping.addEventListener('abort', () => this.#ending.slurm.abort(new SluiceError('slurm.incomplete', 'the daemon ends')));
    for (const delivery of this.#deliveries) {
      delivery.hold(true);
      keep(delivery.run(stopping));
    }
    keep(this.#housekeeping(hooks).run(stopping));
    keep(this.#work(stopping, hooks, keep));
  }

  /** What needs the names of the clusters begins when they are known. */
  async #work(stopping: AbortSignal, hooks: HookEvents, keep: (work: Promise<unknown>) => void): Promise<void> {
    const { config, clock } = this.#options;
    const asking = { slurm: this.#local, wanted: config.clusters, journal: this.#open };
    const names = await untilClustersKnown({ ...asking, clock, said: this.#said, stopping });
    if (names === undefined) return;
    for (const name of names) this.#watches.push(this.#watch(name, name === knownClusters(this.#open).local));
    this.#options.log.info({ clusters: names }, `observing ${names.join(', ')}`);
    await this.#role.look();
    // What stands already is recognised before anything is sent. At the very first start it is also known before anything is
    // asked, unless cc-backend hangs: that must not cost what jobs hold, which nobody can say when they have ended.
    const compared = Promise.resolve(this.#comparisons?.all(stopping));
    const first = this.#watches.some(({ watermark }) => watermark === null);
    if (first) await Promise.race([compared, this.#options.clock.sleep(firstComparisonMs, stopping).catch(() => {})]);
    for (const watch of this.#watches) keep(watch.run(stopping));
    keep(this.#pump.run(stopping));
    keep(hooks.run(stopping));
    await compared;
    if (this.#role.acting) for (const delivery of this.#deliveries) delivery.hold(false);
    if (this.#comparisons) keep(this.#comparisons.run(stopping));
    keep(this.#role.run(stopping));
    if (this.#shadow) keep(this.#shadow.run(stopping));
  }

  #housekeeping(hooks: HookEvents): Housekeeping {
    const { config, clock, log, version, pid } = this.#options;
    return new Housekeeping({
      ...{ journal: this.#open, config, clock, log, said: this.#said },
      watches: () => this.#watches,
      hooks,
      dryRun: this.#shadow !== undefined,
      fellDue: () => this.#wake(),
      noted: () => this.#metrics.noted(),
      status: () => ({
        version,
        pid,
        acting: this.#role.acting,
        sinks: Object.fromEntries(this.#deliveries.map(({ name, state }) => [name, state])),
        server: this.#client?.lastProfile() ?? null,
        tokenExpires: this.#ccBackend?.tokenExpires ?? null,
        comparisons: Object.fromEntries(this.#comparisons?.last ?? []),
        spool: { ...hooks.spool.depth(), fullMs: hooks.spool.fullSince() },
        eventsWaiting: this.#pump.size,
        over: this.#said.past(),
      }),
    });
  }

  #watch(name: string, isLocal: boolean): ClusterWatch {
    const { config, clock, random, log } = this.#options;
    return openWatch({
      ...{ config, clock, random, log, said: this.#said, sends: () => this.#config },
      cluster: name,
      connector: isLocal ? this.#local : this.#connect(name),
      journal: this.#open,
      client: this.#client,
      decisions: this.#decisions,
      acting: () => this.#role.acting,
      recorded: () => this.#wake(),
      caughtUp: () => this.#options.caughtUp?.(),
      looked: () => this.#options.looked?.(),
      heard: (heard) => this.#metrics.heard(heard),
    });
  }

  /** Before taking over, it looks what the other daemon has delivered. */
  async #roleChanged(acting: boolean, stopping: AbortSignal): Promise<void> {
    if (acting) await this.#comparisons?.all(stopping, true);
    for (const delivery of this.#deliveries) delivery.hold(!acting);
  }

  /** Writes that are under way get a moment for their answer; what is lost of it is repeated at the next start. */
  async #end(): Promise<void> {
    const ended = new AbortController();
    const patience = this.#options.clock.sleep(answerMs, ended.signal).catch(() => {});
    await Promise.race([Promise.allSettled(this.#running), patience]);
    ended.abort();
    this.#ending.ccBackend.abort(new SluiceError('http.dropped', 'the daemon ends'));
    await Promise.allSettled(this.#running);
  }
}
