#!/usr/bin/env node
import { runAs } from './old-names.ts';
import { systemSurroundings } from './surroundings.ts';

const code = await runAs('slurm-clusercockpit-sync.py', process.argv.slice(2), systemSurroundings());
// It is set already when our output could not be written.
process.exitCode ??= code;
