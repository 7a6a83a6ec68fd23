import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { refuseNetworkFileSystem } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { bytes } from '../status/words.ts';
import { barrier, lookAt, may, modeText, type SystemUser } from './access.ts';
import type { Saying } from './finding.ts';

/** Whether the daemon's user may read what it must read and write what it must write. */
export function checkFiles(config: AdapterConfig, file: string | null, user: SystemUser, say: Saying): void {
  const readable = [
    ['configuration', file],
    ['ccRestJwt', config.ccRestJwt?.file],
    ['ccRestCaFile', config.ccRestCaFile],
    ['natsPassword', config.natsPassword?.file],
    ['natsCredsFile', config.natsCredsFile],
    ['natsNKeySeedFile', config.natsNKeySeedFile],
    ['natsCaFile', config.natsCaFile],
  ] as const;
  for (const [what, path] of readable) if (path) checkReadable(what, path, user, say);
  const listen = config.prepSockListenPath;
  const places = new Map<string, string[]>();
  const add = (what: string, path: string) => places.set(dirname(path), [...(places.get(dirname(path)) ?? []), what]);
  add('journalPath', config.journalPath);
  add('lastRunPath', config.lastRunPath);
  add('pidFilePath', config.pidFilePath);
  if (listen?.kind === 'unix') add('prepSockListenPath', listen.path);
  for (const [directory, keys] of places) checkDirectory(keys.join(', '), directory, user, say);
  for (const path of [config.lastRunPath, config.journalPath]) checkOwn(path, user, say);
  checkFileSystem(config.journalPath, say);
}

function checkReadable(what: string, path: string, user: SystemUser, say: Saying): void {
  const wall = barrier(user, path);
  const found = lookAt(path);
  if (wall && !wall.missing) {
    say.error(what, `${path}: ${user.name} may not enter ${wall.directory}`, `chmod a+x ${wall.directory}`);
    return;
  }
  if (!found) {
    say.error(what, `${path} does not exist`, `put it there, readable for ${user.name}, or name the file that is meant`);
    return;
  }
  if (may(user, found, 'read')) {
    say.ok(what, `${path} (${modeText(found)})`);
    return;
  }
  say.error(what, `${user.name} may not read ${path} (${modeText(found)})`, `chown ${user.name} ${path} && chmod 0600 ${path}`);
}

function checkDirectory(what: string, directory: string, user: SystemUser, say: Saying): void {
  const found = lookAt(directory);
  const make = `install -d -o ${user.name} -m 0750 ${directory}`;
  if (!found) {
    const runtime = directory.startsWith('/run/');
    const how = runtime ? `; under systemd RuntimeDirectory=${directory.slice(5)} of the unit makes it` : '';
    // systemd makes a directory below /run when the unit starts, and takes it away when it stops.
    if (runtime) say.warn(what, `${directory} does not exist${how}`, make);
    else say.error(what, `${directory} does not exist${how}`, make, cannotCreate);
    return;
  }
  const wall = barrier(user, directory);
  if (wall) {
    say.error(what, `${user.name} may not enter ${wall.directory}`, `chmod a+x ${wall.directory}`, cannotCreate);
    return;
  }
  if (may(user, found, 'write', 'enter')) {
    say.ok(what, `${directory} (${modeText(found)})`);
    return;
  }
  say.error(what, `${user.name} may not write in ${directory} (${modeText(found)})`, `chown ${user.name} ${directory}`, cannotCreate);
}

/** A file of another user in a directory of ours cannot be written. */
function checkOwn(path: string, user: SystemUser, say: Saying): void {
  const found = lookAt(path);
  if (!found || may(user, found, 'read', 'write')) return;
  say.error(path, `${user.name} may not write it (${modeText(found)})`, `chown ${user.name} ${path}*`, cannotCreate);
}

function checkFileSystem(journalPath: string, say: Saying): void {
  const directory = dirname(journalPath);
  if (!lookAt(directory)) return;
  try {
    refuseNetworkFileSystem(directory, false);
  } catch (error) {
    say.failed('journalPath', error);
  }
  const { bavail, bsize } = statfsSync(directory);
  judgeFree(directory, bavail * bsize, say);
}

/** Whether the journal can grow: `free` in bytes, for a user without privileges. */
export function judgeFree(directory: string, free: number, say: Saying): void {
  if (free >= enoughBytes) return;
  const says = `its file system, that of ${directory}, has ${bytes(free)} left`;
  const mend = 'make room there: a full disk stops the daemon, and it goes on by itself when there is room again';
  if (free < neededBytes) say.error('journalPath', says, mend, cannotCreate);
  else say.warn('journalPath', says, mend);
}

const neededBytes = 2 ** 20;
/** What a busy day brings, scripts included. */
const enoughBytes = 2 ** 28;

/** EX_CANTCREAT of sysexits.h. */
const cannotCreate = 73;
