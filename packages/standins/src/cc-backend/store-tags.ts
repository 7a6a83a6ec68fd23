import type { Database } from './database.ts';

export interface TagRow {
  readonly id: number;
  readonly tag_type: string;
  readonly tag_name: string;
  readonly tag_scope: string;
}

/** What names a tag in a request; the table's key leaves the scope out (contract W15). */
export interface TagKey {
  readonly type: string;
  readonly name: string;
  readonly scope: string;
}

/** Tags and which job has them. */
export class TagStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  id({ type, name, scope }: TagKey): number | undefined {
    return this.#db.get<{ id: number }>('SELECT id FROM tag WHERE tag_type = ? AND tag_name = ? AND tag_scope = ?', type, name, scope)?.id;
  }

  /** Adds a tag to a job, creating the tag when its type, name and scope are new; returns its id. */
  add(jobId: number, tag: TagKey): number {
    const known = this.id(tag);
    const { type, name, scope } = tag;
    const id = known ?? this.#db.run('INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)', type, name, scope).rowId;
    this.#db.run('INSERT INTO jobtag (job_id, tag_id) VALUES (?, ?)', jobId, id);
    return id;
  }

  remove(jobId: number, tagId: number): void {
    this.#db.run('DELETE FROM jobtag WHERE job_id = ? AND tag_id = ?', jobId, tagId);
  }

  /** Deletes a tag from all jobs. */
  delete(tagId: number): void {
    this.#db.run('DELETE FROM tag WHERE id = ?', tagId);
  }

  of(jobId: number): readonly TagRow[] {
    return this.#db.all<TagRow>(
      'SELECT tag.id, tag_type, tag_name, tag_scope FROM tag JOIN jobtag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ? ORDER BY tag.id',
      jobId,
    );
  }
}
