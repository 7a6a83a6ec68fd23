import type { Asked, Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { type UpdateUser, updateUser } from './payloads.ts';
import { failure, jsonReply, type Reply } from './reply.ts';
import type { HpcUser } from './store-users.ts';

const roles = ['anonymous', 'api', 'user', 'manager', 'support', 'admin'];

/** `GET /api/users/` (contract §4.11); without authentication there is no user to ask for the role, and the server panics. */
export function handleUsers(context: Context, { user, query }: Asked): Reply {
  if (!user) throw new TypeError('nil pointer dereference: no user in context');
  if (!user.roles.includes('admin')) return failure(403, 'only admins are allowed to fetch a list of users');
  const users = context.users.list(query.get('not-just-user') === 'true');
  return jsonReply(
    200,
    users.map(({ username, name, email, roles, projects }) => ({ username, name, email, roles, projects, authType: 0, authSource: 0 })),
  );
}

/** `POST /api/user/{username}` (contract §4.11). */
export function handleUpdateUser(context: Context, { user, body, variables: [username = ''] }: Asked): Reply {
  if (!user) throw new TypeError('nil pointer dereference: no user in context');
  if (!user.roles.includes('admin')) return failure(403, 'only admins are allowed to update a user');
  let request: UpdateUser;
  try {
    request = decodeGoJson(body, updateUser);
  } catch (error) {
    if (error instanceof GoJsonError) return failure(400, `decoding request failed: ${error.message}`);
    throw error;
  }
  const step = steps.find(({ key }) => request[key] !== '');
  if (!step) return failure(400, 'no operation specified: must provide add-role, remove-role, add-project, or remove-project');
  const found = context.users.find(username);
  if (!found) return failure(422, `${step.doing} failed: sql: no rows in result set`);
  const changed = step.change(found, request[step.key].toLowerCase());
  if (typeof changed === 'string') return failure(422, `${step.doing} failed: ${changed}`);
  context.users.put(changed);
  return jsonReply(200, { msg: `${step.done} Success for user ${username}` });
}

interface Step {
  readonly key: keyof UpdateUser;
  readonly doing: string;
  readonly done: string;
  /** The user as it shall be, or why not. */
  change(user: HpcUser, value: string): HpcUser | string;
}

const steps: readonly Step[] = [
  {
    key: 'add-role',
    doing: 'adding role',
    done: 'Add Role',
    change(user, role) {
      if (!roles.includes(role)) return `supplied role is no valid option : ${role}`;
      if (user.roles.includes(role)) return `user ${user.username} already has role ${role}`;
      return { ...user, roles: [...user.roles, role] };
    },
  },
  {
    key: 'remove-role',
    doing: 'removing role',
    done: 'Remove Role',
    change(user, role) {
      if (!roles.includes(role)) return `supplied role is no valid option : ${role}`;
      if (!user.roles.includes(role)) return `role already deleted for user '${user.username}': ${role}`;
      if (role === 'manager' && user.projects.length > 0) {
        return `cannot remove role 'manager' while user ${user.username} still has assigned project(s) : [${user.projects.join(' ')}]`;
      }
      return { ...user, roles: user.roles.filter((one) => one !== role) };
    },
  },
  {
    key: 'add-project',
    doing: 'adding project',
    done: 'Add Project',
    change(user, project) {
      if (!user.roles.includes('manager')) return `user '${user.username}' is not a manager`;
      if (user.projects.includes(project)) return `user '${user.username}' already manages project '${project}'`;
      return { ...user, projects: [...user.projects, project] };
    },
  },
  {
    key: 'remove-project',
    doing: 'removing project',
    done: 'Remove Project',
    change(user, project) {
      if (!user.roles.includes('manager')) return `user '${user.username}' is not a manager`;
      if (!user.projects.includes(project)) return `user '${user.username}': Cannot remove project '${project}' - Does not match`;
      return { ...user, projects: user.projects.filter((one) => one !== project) };
    },
  },
];
