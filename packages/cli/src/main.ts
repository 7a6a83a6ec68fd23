#!/usr/bin/env node
import { runAs } from './old-names.ts';
import { runSluice } from './program.ts';
import { systemSurroundings } from './surroundings.ts';

const [first, name = '', ...rest] = process.argv.slice(2);
const around = systemSurroundings();
// Packages install launchers of other names, which say so with --as.
const code = first === '--as' ? await runAs(name, rest, around) : await runSluice(process.argv.slice(2), around);
// It is set already when our output could not be written.
process.exitCode ??= code;
