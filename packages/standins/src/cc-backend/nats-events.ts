import type { Context } from './context.ts';
import { type Line, LineError, readLines } from './line-protocol.ts';
import { takeNodeStates } from './node-states.ts';
import type { Started, StartJobs } from './start-job.ts';
import { type Stopped, stopByRequest } from './stop-job.ts';

/** One line of the log, which is all that becomes known of a message (contract §6.4). */
export interface NatsMessage {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  readonly text: string;
}

export type Log = (message: NatsMessage) => void;

/** What handles one message, line by line, in the order of the lines (contract §6.2). */
export type Handle = (subject: string, data: Uint8Array) => Promise<void>;

/** Messages of the job subject. */
export function jobEvents(context: Context, start: StartJobs, log: Log): Handle {
  async function handle(line: Line, event: string): Promise<NatsMessage> {
    const asked = line.tags.get('function');
    switch (asked) {
      case 'start_job':
        return event === '' ? error('NATS start job: payload is empty') : startMessage(await start(context, undefined, event));
      case 'stop_job':
        return event === '' ? error('NATS stop job: payload is empty') : stopMessage(await stopByRequest(context, event));
      case undefined:
        return error(`Job event is missing required tag 'function': measurement=${line.measurement}`);
      default:
        return { level: 'warning', text: `Unknown job event function '${asked}', expected 'start_job' or 'stop_job'` };
    }
  }
  return eachEvent(context, 'job', 'debug', log, async (line, event) => log(await handle(line, event)));
}

/** Messages of the node state subject. */
export function nodeEvents(context: Context, log: Log): Handle {
  return eachEvent(context, 'nodestate', 'warning', log, async (_line, event) => {
    const refused = event === '' ? 'EOF' : takeNodeStates(context, event);
    log(
      refused === undefined
        ? { level: 'debug', text: 'NATS nodestate: updated' }
        : error(`NATS nodestate: parsing request failed: ${refused}`),
    );
  });
}

function error(text: string): NatsMessage {
  return { level: 'error', text };
}

function eachEvent(
  context: Context,
  measurement: string,
  passedOver: NatsMessage['level'],
  log: Log,
  take: (line: Line, event: string) => Promise<void>,
): Handle {
  return async (subject, data) => {
    const said = (level: NatsMessage['level'], text: string) => log({ level, text: `NATS ${subject}: ${text}` });
    if (data.length === 0) said('warning', 'received empty message');
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
      for (const line of readLines(text)) {
        const event = line.fields.get('event');
        if (event?.kind !== 'string') said(passedOver, 'received non-event message, skipping');
        else if (line.measurement !== measurement) {
          said(passedOver, `unexpected measurement name '${line.measurement}', expected '${measurement}'`);
        } else await take(line, event.value);
      }
    } catch (thrown) {
      if (
        thrown instanceof LineError ||
        (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      ) {
        said('error', `failed to decode InfluxDB line protocol message: ${thrown.message}`);
      } else {
        // Nobody recovers from a panic in a worker: it ends the server.
        log(error(`panic: ${thrown instanceof Error ? thrown.message : thrown}`));
        context.crash();
      }
    }
  };
}

function startMessage(started: Started): NatsMessage {
  const said = (text: string) => error(`NATS start job: ${text}`);
  switch (started.step) {
    case 'done':
      return { level: 'info', text: `NATS: new job (id: ${started.id})` };
    case 'decode':
      return said(`parsing request failed: ${started.error}`);
    case 'check':
      return said(`sanity check failed: ${started.error}`);
    case 'duplicate':
      return said(`job with jobId ${started.job.jobId}, cluster ${started.job.cluster} already exists (dbid: ${started.id})`);
    case 'insert':
      return said(`insert into database failed: ${started.error}`);
    default:
      return said(`adding tag to new job ${started.id} failed: ${started.error}`);
  }
}

function stopMessage(stopped: Stopped): NatsMessage {
  const said = (text: string) => error(`NATS job stop: ${text}`);
  switch (stopped.step) {
    case 'done':
      return { level: 'info', text: `NATS: archiving job (dbid: ${stopped.job.id})` };
    case 'decode':
      return said(`parsing request failed: ${stopped.error}`);
    case 'required':
      return said(stopped.error);
    case 'find':
      return said(`finding job failed: ${stopped.error}`);
    default:
      break;
  }
  const { job, request } = stopped;
  const named = `jobId ${job.job_id} (id ${job.id}) on ${job.cluster}: `;
  switch (stopped.step) {
    case 'time':
      return said(`${named}stopTime ${request.stopTime} must be >= startTime ${job.start_time}`);
    case 'invalid':
      return said(`${named}invalid job state: ${JSON.stringify(request.jobState)}`);
    case 'transfer':
      return said(`${named}transferring cached job failed: ${stopped.error}`);
    case 'mark':
      return said(`${named}marking job as '${job.job_state}' failed: ${stopped.error}`);
    default:
      return said(named + stopped.error);
  }
}
