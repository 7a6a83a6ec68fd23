#!/usr/bin/env node
import { runSluice } from './program.ts';
import { systemSurroundings } from './surroundings.ts';

process.exitCode = await runSluice(process.argv.slice(2), systemSurroundings());
