#!/usr/bin/env node
import { EXIT } from '../errors.ts';
import { processCli } from './io/context.ts';
import { runCli } from './program.ts';
import { printError } from './io/print-error.ts';

const cli = processCli();

// Whoever read along has left: what is being done is done all the same.
cli.stderr.on('error', () => undefined);

// `rowmill results RUN | head`: the rest has no reader, and code 0 is for what was written whole.
cli.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode || EXIT.failed);
});

process.on('uncaughtException', (error) => process.exit(printError(cli, error)));

// No process.exit: what is written must arrive, and what is open must be closed.
process.exitCode = await runCli(process.argv.slice(2), cli);
