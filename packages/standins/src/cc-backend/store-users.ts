import type { Database } from './database.ts';

/** A row of `hpc_user`. */
export interface HpcUser {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly projects: readonly string[];
}

interface UserRow {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly roles: string;
  readonly projects: string;
}

/** Users of cc-backend itself; jobs may belong to others. */
export class UserStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a user or takes the place of the one with that name. */
  put(user: HpcUser): void {
    this.#db.run(
      'INSERT OR REPLACE INTO hpc_user (username, name, email, roles, projects) VALUES (?, ?, ?, ?, ?)',
      user.username,
      user.name,
      user.email,
      JSON.stringify(user.roles),
      JSON.stringify(user.projects),
    );
  }

  find(username: string): HpcUser | undefined {
    const row = this.#db.get<UserRow>('SELECT * FROM hpc_user WHERE username = ?', username);
    return row && userOf(row);
  }

  /** All, or those that are more than users. */
  list(notJustUser: boolean): readonly HpcUser[] {
    const users = this.#db.all<UserRow>('SELECT * FROM hpc_user ORDER BY username').map(userOf);
    return notJustUser ? users.filter(({ roles }) => roles.length > 0 && !(roles.length === 1 && roles[0] === 'user')) : users;
  }
}

function userOf(row: UserRow): HpcUser {
  return { ...row, roles: JSON.parse(row.roles) as string[], projects: JSON.parse(row.projects) as string[] };
}
