import type { Processes, Program } from '@sluice/io';
import type { Log } from './log.ts';

/**
 * Tells systemd how the program is (sd_notify(3)). Node has no unix datagram sockets, so each message is one run of
 * `systemd-notify` (about 3 ms of CPU): say `NotifyAccess=all` in the unit, for the message comes from a child, and let `WatchdogSec=`
 * be a minute or more. Without NOTIFY_SOCKET nothing is started.
 */
export interface Notifier {
  /** Whether systemd listens. */
  readonly listening: boolean;
  /** Milliseconds within which the watchdog wants a sign of life, when the unit has one. */
  readonly watchdogMs: number | undefined;
  /** Sends assignments such as `READY=1`, in order. Never fails: what goes wrong is logged once. */
  notify(...assignments: readonly string[]): Promise<void>;
}

export interface NotifierOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly processes: Processes;
  readonly log: Log;
  /** Process id of the program, which WATCHDOG_PID is compared with. */
  readonly pid: number;
}

/**
 * Without `--no-block`: it waits until systemd has taken the message (since 246), because a sender that is gone before
 * cannot be attributed to its unit.
 */
const program: Program = { name: 'systemd-notify', timeoutMs: 5000, inherit: ['NOTIFY_SOCKET'], maxOutputBytes: 4096 };

export function systemdNotifier({ env, processes, log, pid }: NotifierOptions): Notifier {
  const listening = Boolean(env['NOTIFY_SOCKET']);
  let before = Promise.resolve();
  let failed = false;

  async function send(assignments: readonly string[]): Promise<void> {
    try {
      const { code, stderr } = await processes.run({ program, args: assignments.map(oneLine) });
      if (code === 0) failed = false;
      else report({ code, stderr: stderr.trim() });
    } catch (error) {
      report({ err: error });
    }
  }

  function report(fields: object): void {
    if (!failed) log.warn(fields, 'systemd could not be notified; with Type=notify it will believe that the start failed');
    failed = true;
  }

  return {
    listening,
    watchdogMs: listening ? watchdogOf(env, pid) : undefined,
    notify(...assignments) {
      if (!listening) return Promise.resolve();
      before = before.then(() => send(assignments));
      return before;
    },
  };
}

function watchdogOf(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const wanted = env['WATCHDOG_PID'];
  if (!Number.isFinite(usec) || usec <= 0 || (wanted !== undefined && wanted !== String(pid))) return undefined;
  return usec / 1000;
}

function oneLine(assignment: string): string {
  return assignment.replace(/\p{Cc}+/gu, ' ');
}
