/** Plays random scripts of nights on a lasting table: `node test/chaos/nights/main.ts --scripts 1000`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { CASES, caseOf } from '../../support/providers/cases.ts';
import { nightsScript } from './arbitrary.ts';
import type { NightsScript } from './nights-script.ts';
import { simulateNights } from './simulate-nights.ts';

const { values } = parseArgs({
  options: {
    scripts: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    provider: { type: 'string', multiple: true },
    /** Ends the search after so long, whatever was played. */
    seconds: { type: 'string', default: '3600' },
    folder: { type: 'string', default: '.rowmill/chaos-nights' },
    replay: { type: 'string', multiple: true },
    trace: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Time to shrink one failure. */
const SHRINK_MS = 45_000;

async function replay(files: string[]): Promise<number> {
  let wrong = 0;
  for (const file of files) {
    // Written by `search`, or by hand after its example; what it names is checked where it is used.
    const script = parse(readFileSync(file, 'utf8')) as NightsScript;
    const { breaches, trace, ends, cellsPaid } = await simulateNights(script);
    if (values.trace) for (const line of trace) say(line);
    for (const line of breaches) say(line);
    wrong += breaches.length;
    say(
      `${file}: ${ends.join(', ')}; ${cellsPaid} cells paid; ${breaches.length} things are wrong`,
    );
  }
  return wrong === 0 ? 0 : 1;
}

async function search(): Promise<number> {
  const sums = { scripts: 0, runs: 0, cellsPaid: 0, cellsUndue: 0 };
  const ends = new Map<string, number>();
  let failedAtMs = Infinity;
  const providers = values.provider?.map(caseOf) ?? CASES;
  const property = fc.asyncProperty(fc.oneof(...providers.map(nightsScript)), async (script) => {
    if (Date.now() - failedAtMs > SHRINK_MS) return;
    const played = await simulateNights(script);
    if (failedAtMs === Infinity) {
      sums.scripts += 1;
      sums.runs += played.ends.length;
      sums.cellsPaid += played.cellsPaid;
      sums.cellsUndue += played.cellsUndue;
      for (const end of played.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    if (played.breaches.length === 0) return;
    failedAtMs = Math.min(failedAtMs, Date.now());
    throw new Error(played.breaches.join('\n'));
  });
  const run = await fc.check(property, {
    numRuns: Number(values.scripts),
    seed: Number(values.seed),
    interruptAfterTimeLimit: Number(values.seconds) * 1_000,
  });
  for (const [end, times] of ends) say(`${times} × ${end}`);
  const failures = run.failed ? 1 : 0;
  say(
    `seed ${values.seed}: ${sums.scripts} scripts, ${sums.runs} runs, ${sums.cellsPaid} cells paid, R13 = ${sums.cellsUndue}, ${failures} failures`,
  );
  if (!run.failed) return 0;
  const [script] = run.counterexample ?? [];
  if (script === undefined) throw new Error('fast-check failed without a script');
  const why = run.errorInstance instanceof Error ? run.errorInstance.message : 'unknown';
  mkdirSync(values.folder, { recursive: true });
  const file = join(values.folder, `seed-${values.seed}.yaml`);
  writeFileSync(
    file,
    `${why
      .split('\n')
      .map((line) => `# ${line}`)
      .join('\n')}\n${stringify(script)}`,
  );
  for (const line of why.split('\n').slice(0, 8)) say(`  ${line}`);
  say(`  replay: node test/chaos/nights/main.ts --replay ${file}`);
  return 1;
}

process.exitCode = values.replay === undefined ? await search() : await replay(values.replay);
