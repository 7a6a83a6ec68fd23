import { ownSettings } from './settings.ts';
import type { World } from './world.ts';

/** All settings as `scontrol show config` has them. */
export function shownConfig(world: World): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(world.spec.settings)) if (!ownSettings.includes(name)) shown[name] = value;
  return shown;
}
