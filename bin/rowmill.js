#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What `npx rowmill` runs. The package holds what was built; a checkout is built first, whenever its
 * code has changed. Written in JavaScript because it has to be there before anything is built.
 */
const build = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url));
const main = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(build)) {
  if (!existsSync(main)) process.stderr.write('Building rowmill, which takes a minute at most.\n');
  // Standard output is the command's own.
  const { status } = spawnSync(process.execPath, [build], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
await import(main.href);
