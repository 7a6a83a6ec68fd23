import { readdirSync } from 'node:fs';
import type { Registry } from 'prom-client';
import PromGauge from 'prom-client/lib/gauge.js';

/** What a process says of itself, read when it is asked: nothing runs in between. */
const facts: readonly { readonly name: string; readonly help: string; readonly read: () => number }[] = [
  { name: 'process_resident_memory_bytes', help: 'Resident memory size in bytes.', read: () => process.memoryUsage.rss() },
  { name: 'process_cpu_seconds_total', help: 'User and system CPU time spent in seconds.', read: cpuSeconds },
  { name: 'process_open_fds', help: 'Number of open file descriptors.', read: openFiles },
  {
    name: 'process_start_time_seconds',
    help: 'Start of the process since the epoch in seconds.',
    read: () => performance.timeOrigin / 1000,
  },
  { name: 'nodejs_heap_size_used_bytes', help: 'Heap in use in bytes.', read: () => process.memoryUsage().heapUsed },
  {
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'Share of time the event loop was busy since the start.',
    read: () => performance.eventLoopUtilization().utilization,
  },
];

export function addProcessMetrics(registry: Registry): void {
  for (const { name, help, read } of facts) {
    const gauge: PromGauge<string> = new PromGauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return Number.NaN;
  }
}
