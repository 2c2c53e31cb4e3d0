#!/usr/bin/env node
import { processCli } from './context.ts';
import { runCli } from './program.ts';
import { sayError } from './say-error.ts';

const cli = processCli();

// `rowmill results RUN | head`: the reader left, and that is fine.
for (const stream of [cli.stdout, cli.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

process.on('uncaughtException', (error) => process.exit(sayError(cli, error)));

// No process.exit: what is written must arrive, and what is open must be closed.
process.exitCode = await runCli(process.argv.slice(2), cli);
