#!/usr/bin/env node
import { runSluice } from './program.ts';
import { systemSurroundings } from './surroundings.ts';

const code = await runSluice(process.argv.slice(2), systemSurroundings());
// It is set already when our output could not be written.
process.exitCode ??= code;
