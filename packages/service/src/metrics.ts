import type { Registry } from 'prom-client';
import PromCounter from 'prom-client/lib/counter.js';
import PromGauge from 'prom-client/lib/gauge.js';
import PromHistogram from 'prom-client/lib/histogram.js';
import PromRegistry from 'prom-client/lib/registry.js';
import { addProcessMetrics } from './process-metrics.ts';

/**
 * The labels of a metric. Each names the values it may take, or says how many different ones are kept at most; any
 * other value counts as `other`. So no metric grows with what users or servers send.
 */
export type LabelBounds = Readonly<Record<string, readonly string[] | number>>;
export type LabelValues<L extends LabelBounds> = { readonly [K in keyof L]: string | number };

export interface MetricOptions<L extends LabelBounds> {
  /** Prometheus name without the program's prefix, with its unit: `questions_seconds`, `jobs_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: L;
}

/** Where metrics without labels are written as `counter.inc()`, those with labels as `counter.inc({result: 'ok'})`. */
type LabelArgument<L extends LabelBounds> = keyof L extends never ? readonly [] : readonly [LabelValues<L>];

export interface Counter<L extends LabelBounds> {
  inc(...labels: LabelArgument<L>): void;
  add(amount: number, ...labels: LabelArgument<L>): void;
}

export interface Gauge<L extends LabelBounds> {
  set(value: number, ...labels: LabelArgument<L>): void;
}

export interface Histogram<L extends LabelBounds> {
  /** In the metric's unit: seconds, bytes. */
  observe(value: number, ...labels: LabelArgument<L>): void;
}

export interface Metrics {
  /** Where each label names its values all begin at 0: `increase()` does not see a series that begins with its first event. */
  counter<const L extends LabelBounds = Record<never, never>>(options: MetricOptions<L>): Counter<L>;
  /** `read` is asked at every exposition, for gauges that follow a state; they have no labels. */
  gauge<const L extends LabelBounds = Record<never, never>>(options: MetricOptions<L> & { readonly read?: () => number }): Gauge<L>;
  histogram<const L extends LabelBounds = Record<never, never>>(
    options: MetricOptions<L> & { readonly buckets?: readonly number[] },
  ): Histogram<L>;
  /** The exposition in Prometheus' text format, and its content type. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** Put before every name, e.g. `sluice_cc_`. */
  readonly prefix: string;
  /** Memory, CPU, open files and start of the process under Prometheus' usual names; true by default. */
  readonly processMetrics?: boolean;
}

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of one program, in a registry of its own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry: Registry = new PromRegistry();
  const registers = [registry];
  if (options.processMetrics !== false) addProcessMetrics(registry);

  function base<L extends LabelBounds>(metric: MetricOptions<L>) {
    return { name: options.prefix + metric.name, help: metric.help, labelNames: Object.keys(metric.labels ?? {}), registers };
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    counter(metric) {
      const counter = new PromCounter<string>(base(metric));
      const bound = bounded(metric.labels);
      for (const labels of everyCombination(metric.labels)) counter.inc(labels, 0);
      return {
        inc: (...labels) => counter.inc(bound(labels[0]), 1),
        add: (amount, ...labels) => counter.inc(bound(labels[0]), amount),
      };
    },
    gauge(metric) {
      const { read } = metric;
      const collect = read === undefined ? {} : { collect: () => gauge.set(read()) };
      const gauge: PromGauge<string> = new PromGauge<string>({ ...base(metric), ...collect });
      const bound = bounded(metric.labels);
      return { set: (value, ...labels) => gauge.set(bound(labels[0]), value) };
    },
    histogram(metric) {
      const histogram = new PromHistogram<string>({ ...base(metric), buckets: [...(metric.buckets ?? defaultBuckets)] });
      const bound = bounded(metric.labels);
      return { observe: (value, ...labels) => histogram.observe(bound(labels[0]), value) };
    },
  };
}

function bounded(bounds: LabelBounds = {}): (labels?: Readonly<Record<string, string | number>>) => Record<string, string> {
  const seen = new Map<string, Set<string>>();
  return (labels = {}) => {
    const kept: Record<string, string> = {};
    for (const [label, bound] of Object.entries(bounds)) {
      const value = String(labels[label] ?? '');
      kept[label] = mayStand(label, value, bound, seen) ? value : 'other';
    }
    return kept;
  };
}

/** All that the labels can say; nothing when one of them names no values. */
function everyCombination(bounds: LabelBounds = {}): readonly Readonly<Record<string, string>>[] {
  return Object.entries(bounds).reduce<readonly Readonly<Record<string, string>>[]>(
    (all, [label, bound]) => (typeof bound === 'number' ? [] : all.flatMap((one) => bound.map((value) => ({ ...one, [label]: value })))),
    [{}],
  );
}

function mayStand(label: string, value: string, bound: readonly string[] | number, seen: Map<string, Set<string>>): boolean {
  if (typeof bound !== 'number') return bound.includes(value);
  const values = seen.get(label) ?? new Set<string>();
  seen.set(label, values);
  if (!values.has(value) && values.size < bound) values.add(value);
  return values.has(value);
}
