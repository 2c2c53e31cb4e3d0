#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Entry of `npx rowmill`. The package contains the build; a checkout is built first, whenever its code
 * has changed. It is JavaScript because it has to run before anything is built, and simple enough for
 * a Node that is too old for the rest.
 */
const build = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url));
const main = new URL('../dist/src/cli/main.js', import.meta.url);

refuseOldNode();
if (existsSync(build)) {
  if (!existsSync(main)) process.stderr.write('Building rowmill, which takes a minute at most.\n');
  // Standard output is the command's own.
  const { status } = spawnSync(process.execPath, [build], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
await import(main.href);

/** Ends like any error of the command line: `node_too_old` of src/errors.ts, which is not built yet. */
function refuseOldNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const oldest = engines.node.replace('>=', '');
  const current = process.versions.node;
  if (oldest.localeCompare(current, 'en', { numeric: true }) <= 0) return;
  const error = {
    code: 'node_too_old',
    what: `rowmill needs Node ${oldest} or newer, and this is Node ${current}.`,
    where: process.execPath,
    remedy:
      'Install Node 24 (https://nodejs.org). In a checkout, `npm ci` installs one of its own, which `npx rowmill` and `npm run` take.',
  };
  process.stderr.write(`error[${error.code}] ${error.where}: ${error.what}\n→ ${error.remedy}\n`);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error })}\n`);
  process.exit(2);
}
