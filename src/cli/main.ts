#!/usr/bin/env node
import { EXIT } from '../errors.ts';
import { processCli } from './io/context.ts';
import { runCli } from './program.ts';
import { printError } from './io/print-error.ts';

const cli = processCli();

// Continues if the reader of stderr has left.
cli.stderr.on('error', () => undefined);

// `rowmill results RUN | head`: the reader has left. Exit code 0 means that everything was written.
cli.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode || EXIT.failed);
});

process.on('uncaughtException', (error) => {
  void printError(cli, error).then((code) => process.exit(code));
});

// No process.exit: pending writes must arrive, and open resources must be closed.
process.exitCode = await runCli(process.argv.slice(2), cli);
