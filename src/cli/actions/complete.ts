import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { completionOf, type Candidate, type NameKind } from '../completion/candidates.ts';
import { shellQuote } from '../../text/shell.ts';
import type { Cli } from '../io/context.ts';

/** Time for the server, of the two seconds that a TAB may take, in ms. */
const SERVER_MS = 1_000;

/** Newest runs offered. */
const RUNS = 100;

/** Prints the candidates for the last word, as the completion scripts read them. Never fails. */
export async function complete(
  cli: Cli,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const { candidates, names } = completionOf(program, words);
  const current = words.at(-1) ?? '';
  const onServer = names !== null && names !== 'files' && !words.includes('--embedded');
  const known = onServer ? await namesOf(cli, names) : [];
  const lines = [
    names === 'files' ? 'files' : 'words',
    ...[...candidates, ...known.filter(({ value }) => value.startsWith(current))].map(
      ({ value, description }) => `${value}\t${description.replaceAll(/\s+/g, ' ')}`,
    ),
  ];
  cli.print(lines.join('\n'));
}

/** Reads names from the server; none if it does not answer in time. */
async function namesOf(cli: Cli, kind: Exclude<NameKind, 'files'>): Promise<Candidate[]> {
  // Temporal's client takes longest to load: only where it is needed.
  const { Rowmill } = await import('../../client/rowmill.ts');
  const atMs = Date.now();
  try {
    const rowmill = await Rowmill.connect({ env: cli.env, timeoutMs: SERVER_MS });
    try {
      const leftMs = Math.max(0, SERVER_MS - (Date.now() - atMs));
      const names = READ[kind](rowmill);
      const inTime = await Promise.race([names, sleep(leftMs, [], { ref: false })]);
      // Leaves out values that a shell would have to quote.
      return inTime.filter(({ value }) => shellQuote(value) === value);
    } finally {
      await rowmill.close();
    }
  } catch {
    return [];
  }
}

type Connected = import('../../client/rowmill.ts').Rowmill;

async function runsOf(rowmill: Connected): Promise<Candidate[]> {
  const { runs } = await rowmill.list({ limit: RUNS });
  return runs.map(({ workflowId, outcome, stage, status }) => ({
    value: workflowId,
    description: outcome ?? stage ?? status.toLowerCase(),
  }));
}

async function budgetsOf(rowmill: Connected): Promise<Candidate[]> {
  const { budgets } = await rowmill.budgets.list();
  return budgets.map(({ name, left }) => ({ value: name, description: `${left} credits left` }));
}

async function schedulesOf(rowmill: Connected): Promise<Candidate[]> {
  const schedules = await rowmill.schedules.list();
  return schedules.map(({ name, paused }) => ({
    value: name,
    description: paused ? 'paused' : 'on',
  }));
}

const READ = { runs: runsOf, schedules: schedulesOf, budgets: budgetsOf };
