/** `npm run docs`: writes the pages of docs/ that are made from code. `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorTable } from '@sluice/io';

const root = dirname(import.meta.dirname);

const pages: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
};

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, { exit, http, meaning }]) => `| \`${code}\` | ${exit} | ${http} | ${meaning} |`);
  return `# Errors

Every error that Sluice raises on purpose has a stable code. A command that ends with it has the exit code of the table (those of sysexits.h, so that a
systemd unit can say \`RestartPreventExitStatus=64 78\`); the job API answers with the HTTP status. The message says what and where; a line beneath it
what to do. This page is made from \`packages/io/src/errors.ts\` by \`npm run docs\`.

| code | exit | HTTP | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

const stale = Object.entries(pages).filter(([file, page]) => {
  try {
    return readFileSync(join(root, file), 'utf8') !== page();
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  for (const [file] of stale) process.stdout.write(`${file} is not what the code says; write it with: npm run docs\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, page] of stale) {
    writeFileSync(join(root, file), page());
    process.stdout.write(`${file} written\n`);
  }
}
