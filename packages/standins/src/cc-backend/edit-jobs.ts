import { type User, visibleTo } from './auth.ts';
import type { Asked, Context } from './context.ts';
import { decodeGoJson, type GoType } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { jobJson } from './job-json.ts';
import { isInt64, notAnInteger } from './numbers.ts';
import { deleteJob, type EditMeta, editMeta, type FindJob, jobMeta, tagRequests } from './payloads.ts';
import { readableTags, visibleRow } from './read-jobs.ts';
import { failure, jsonReply, type Reply, sqliteText, textReply } from './reply.ts';
import { mustWrite } from './start-job.ts';
import type { JobRow } from './store.ts';

/** `PATCH /api/jobs/edit_meta/{id}` (contract §4.7). */
export function handleEditMeta(context: Context, asked: Asked): Reply {
  const row = editable(context, asked);
  if ('status' in row) return row;
  const request = decode(asked.body, editMeta);
  if ('error' in request) return failure(400, `decoding request failed: ${request.error}`);
  const updated = updateMeta(context, row, request.value);
  if ('error' in updated) return failure(500, `updating metadata failed: ${updated.error}`);
  return jsonReply(200, edited(context, updated.row));
}

/** `PATCH /api/jobs/edit_meta/` (contract §4.7). */
export function handleEditMetaByRequest(context: Context, { body }: Asked): Reply {
  const request = decode(body, jobMeta);
  if ('error' in request) return failure(400, `parsing request body failed: ${request.error}`);
  const row = requested(context, request.value);
  if ('status' in row) return row;
  const updated = updateMeta(context, row, request.value.payload);
  return 'error' in updated ? textReply(500, `${updated.error}\n`) : jsonReply(200, edited(context, updated.row));
}

/** `POST /api/jobs/tag_job/{id}` (contract §4.7). */
export function handleTag(context: Context, asked: Asked): Reply {
  const row = editable(context, asked);
  if ('status' in row) return row;
  const request = decode(asked.body, tagRequests(context.release));
  if ('error' in request) return failure(400, `decoding request failed: ${request.error}`);
  for (const tag of request.value ?? []) {
    const scope = tag.scope === '' ? 'global' : tag.scope;
    try {
      if (context.release.scopes) mustWrite(asked.user, scope);
      context.tags.add(row.id, { ...tag, scope });
    } catch (error) {
      return failure(500, `adding tag failed: ${sqliteText(error)}`);
    }
  }
  return jsonReply(200, edited(context, row, asked.user));
}

/** `DELETE /api/jobs/tag_job/{id}` (contract §4.7). */
export function handleUntag(context: Context, asked: Asked): Reply {
  const row = editable(context, asked);
  if ('status' in row) return row;
  const removed = eachRemovable(context, asked.body, (id) => context.tags.remove(row.id, id));
  return 'status' in removed ? removed : jsonReply(200, edited(context, row, asked.user));
}

/** `DELETE /api/tags/` (contract §4.7). */
export function handleDeleteTags(context: Context, { body }: Asked): Reply {
  const removed = eachRemovable(context, body, (id) => context.tags.delete(id));
  if ('status' in removed) return removed;
  return textReply(200, `Deleted Tags from DB: ${removed.done} successfull of ${removed.asked} requested\n`);
}

/** `DELETE /api/jobs/delete_job/` (contract §4.8). */
export function handleDelete(context: Context, { body }: Asked): Reply {
  const request = decode(body, deleteJob);
  if ('error' in request) return failure(400, `parsing request body failed: ${request.error}`);
  const row = requested(context, request.value);
  if ('status' in row) return row;
  context.jobs.delete(row.id);
  return jsonReply(200, { msg: `Successfully deleted job ${row.id}` });
}

/** `DELETE /api/jobs/delete_job/{id}`: success also without such a row (contract §4.8, W18). */
export function handleDeleteById(context: Context, { variables: [id = ''] }: Asked): Reply {
  if (!isInt64(id)) return failure(400, `integer expected in path for id: ${notAnInteger(id)}`);
  context.jobs.delete(Number(id));
  return jsonReply(200, { msg: `Successfully deleted job ${id}` });
}

/** `DELETE /api/jobs/delete_job_before/{ts}` (contract §4.8). */
export function handleDeleteBefore(context: Context, { query, variables: [ts = ''] }: Asked): Reply {
  if (!isInt64(ts)) return failure(400, `integer expected in path for ts: ${notAnInteger(ts)}`);
  const asked = context.release.has('1.5.0') ? (query.get('omit-tagged') ?? '') : '';
  const omit = asked === '' ? 'none' : asked;
  if (omit !== 'none' && omit !== 'all' && omit !== 'user') return failure(400, 'omit-tagged must be one of: none, all, user');
  return jsonReply(200, { msg: `Successfully deleted ${context.jobs.deleteBefore(Number(ts), omit)} jobs` });
}

function editable(context: Context, { user, variables: [id = ''] }: Asked): JobRow | Reply {
  if (!isInt64(id)) return failure(400, `parsing job ID failed: ${notAnInteger(id)}`);
  const row = visibleRow(context, user, id);
  return 'error' in row ? failure(404, `finding job failed: ${row.error}`) : row;
}

/** The newest row of `job` that a request names. */
function requested(context: Context, { jobId, cluster, startTime }: FindJob): JobRow | Reply {
  if (jobId === null) return failure(400, "the field 'jobId' is required");
  const row = context.jobs.find('job', { jobId, cluster, startTime });
  return row ?? failure(422, 'finding job failed: sql: no rows in result set');
}

/** Upserts one key in the row, and for a job that runs no more in the archive too (contract §4.7, W13). */
function updateMeta(context: Context, row: JobRow, { key, value }: EditMeta): { readonly row: JobRow } | { readonly error: string } {
  const metaData = { ...(row.meta_data === null ? {} : (JSON.parse(row.meta_data) as Record<string, string>)), [key]: value };
  const updated = { ...row, meta_data: JSON.stringify(metaData) };
  context.jobs.setMetaData(row.id, metaData);
  if (row.job_state === 'running') return { row: updated };
  const archived = context.archiver.find(row);
  if (!archived) return { error: `open ${row.cluster}/${row.job_id}: no such file or directory` };
  const inArchive = archived.meta['metaData'] as Record<string, string> | null;
  if (inArchive === null) throw new TypeError('assignment to entry in nil map: the job was started without metaData');
  context.archiver.write(row, { ...archived.meta, metaData: { ...inArchive, [key]: value } });
  return { row: updated };
}

function edited(context: Context, row: JobRow, user?: User): object {
  const sees = visibleTo(user);
  const tags = user && !('error' in sees) ? { tags: readableTags(context, user, row.id) } : {};
  return jobJson(row, context.now(), { metaData: !user, isoStart: context.release.isoStart, ...tags });
}

/** Does something with each tag that a request names; private ones are passed over in silence (contract §4.7). */
function eachRemovable(
  context: Context,
  body: string,
  remove: (tagId: number) => void,
): Reply | { readonly done: number; readonly asked: number } {
  const request = decode(body, tagRequests(context.release));
  if ('error' in request) return failure(400, `decoding request failed: ${request.error}`);
  const tags = request.value ?? [];
  let done = 0;
  for (const tag of tags) {
    if (tag.scope !== 'global' && tag.scope !== 'admin') continue;
    const id = context.tags.id(tag);
    if (id === undefined) {
      const named = `${tag.name}, ${tag.type}, ${tag.scope}`;
      return failure(500, `removing tag failed: tag does not exist (name, type, scope): ${named}`);
    }
    remove(id);
    done++;
  }
  return { done, asked: tags.length };
}

function decode<T>(body: string, type: GoType<T>): { readonly value: T } | { readonly error: string } {
  try {
    return { value: decodeGoJson(body, type) };
  } catch (error) {
    if (error instanceof GoJsonError) return { error: error.message };
    throw error;
  }
}
