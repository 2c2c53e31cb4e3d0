/** Plays random scripts of everything that may go wrong: `npm run chaos -- --scripts 10000`. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rowsTwice } from '../../support/invariants/index.ts';
import { CASES, caseOf } from '../../support/providers/cases.ts';
import { MUTANTS } from './mutants.ts';
import { searchScripts, readChaosScript, wrong } from './search.ts';
import { simulate } from './simulate.ts';

const USAGE =
  'npm run chaos -- [--scripts N] [--seed N] [--provider NAME] [--failures N] [--replay FILE] [--break RULE]\n' +
  '                 [--processes]   real processes are killed as well, for half an hour or more';

const { values } = parseArgs({
  options: {
    scripts: { type: 'string', default: '300' },
    seed: { type: 'string' },
    provider: { type: 'string', multiple: true },
    failures: { type: 'string', default: '5' },
    folder: { type: 'string', default: '.rowmill/chaos' },
    replay: { type: 'string', multiple: true },
    break: { type: 'string' },
    processes: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function mutantOf(name: string | undefined) {
  if (name === undefined) return null;
  const double = MUTANTS[name];
  if (double === undefined)
    throw new Error(`--break ${name}: there is ${Object.keys(MUTANTS).join(', ')}`);
  return double;
}

async function replayAll(files: string[]): Promise<number> {
  let failed = 0;
  for (const file of files) {
    say(`${file}:`);
    failed += await replay(file);
  }
  return failed === 0 ? 0 : 1;
}

async function replay(file: string): Promise<number> {
  const played = await simulate(readChaosScript(file), mutantOf(values.break));
  if (values.trace) for (const line of played.trace) say(line);
  const found = wrong(played);
  for (const line of found) say(line);
  const { tables } = played.evidence;
  const twice = tables.reduce(
    (sum, table) => sum + rowsTwice(table) + (table.rowsLeftTwice ?? 0),
    0,
  );
  if (twice > 0) say(`${twice} rows are there twice`);
  say(found.length === 0 ? 'nothing is wrong' : `${found.length} things are wrong`);
  return found.length === 0 ? 0 : 1;
}

async function search(): Promise<number> {
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
  const scripts = Number(values.scripts);
  const startedAtMs = Date.now();
  const { failures, stats } = await searchScripts({
    providers: values.provider?.map(caseOf) ?? CASES,
    scripts,
    seed,
    folder: values.folder,
    mutant: mutantOf(values.break),
    failuresAtMost: Number(values.failures),
    say,
  });
  say('');
  say(stats.render());
  say('');
  say(
    `seed ${seed}, ${scripts} scripts in ${Math.round((Date.now() - startedAtMs) / 1000)} s, ${failures} failures`,
  );
  say(
    'Simulated: time, Temporal’s server, the network, and processes that are killed. Real: workflow, activities,',
  );
  say(
    'rules, HTTP client above the socket, files, Temporal’s workflow sandbox and activity context, the sandbox API.',
  );
  return failures === 0 ? 0 : 1;
}

/** The long version of test/chaos/processes, after the simulation. */
function killProcesses(): Promise<number> {
  const script = fileURLToPath(new URL('../../../scripts/chaos-processes.mjs', import.meta.url));
  const providers = (values.provider ?? []).flatMap((name) => ['--provider', name]);
  // Ctrl-C reaches it by itself; we stay for its end.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [script, ...providers], { stdio: 'inherit' })
      .once('error', reject)
      .once('close', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const { replay: files } = values;
  const simulated = files === undefined ? await search() : await replayAll(files);
  return values.processes ? simulated || (await killProcesses()) : simulated;
}

if (values.help) say(USAGE);
else process.exitCode = await main();
