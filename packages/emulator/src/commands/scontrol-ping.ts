import type { CommandCall } from './command.ts';

/** The lines of `scontrol ping`, and whether one controller answers at least. */
export function controllersText({ slurm }: Pick<CommandCall, 'slurm'>): { readonly text: string; readonly isUp: boolean } {
  const { faults } = slurm;
  const controllers = slurm.controller.controllers();
  const roles =
    controllers.length <= 2 ? ['primary', 'backup'] : ['primary', ...controllers.slice(1).map((_, index) => `backup${index + 1}`)];
  const shown = controllers.map(({ host, up }, index) => ({ host, role: roles[index] ?? 'backup', isUp: up && faults.slurmctld === 'up' }));
  const isUp = shown.some((one) => one.isUp);
  const lines = shown.map((one) => `Slurmctld(${one.role}) at ${one.host} is ${one.isUp ? 'UP' : 'DOWN'}\n`);
  return { isUp, text: lines.join('') + (isUp ? '' : alarm) };
}

const stars = '*'.repeat(41);
const alarm = `${stars}\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n${stars}\n`;
