import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { chaosScript } from './arbitrary.ts';
import type { Mutant } from './mutants.ts';
import { simulate, type Simulated } from './simulate.ts';
import type { ChaosScript } from './script.ts';
import { Stats } from './stats.ts';

export interface SearchOptions {
  providers: readonly ProviderCase[];
  scripts: number;
  seed: number;
  /** Folder for scripts that fail. */
  folder: string;
  mutant: Mutant | null;
  /** Ends after so many failures. */
  failuresAtMost: number;
  say: (line: string) => void;
}

export interface SearchResult {
  failures: number;
  stats: Stats;
}

/** Scripts played in one go before a failure is looked into. */
const BATCH = 100;
/** Number of runs to shrink one failure. */
const SHRINK_RUNS = 150;
const SHRINK_MS = 30_000;

/** Lists the faults of a run; empty when there are none. */
export const wrong = ({ breaches, hung, trace }: Simulated): string[] =>
  hung ? [...breaches, `it never ended: ${trace.at(-1) ?? ''}`] : breaches;

/** Plays random scripts; each failure is made small and kept as a file that replays it. */
export async function searchScripts(options: SearchOptions): Promise<SearchResult> {
  const { providers, scripts, folder, failuresAtMost, say } = options;
  const stats = new Stats();
  let failures = 0;
  for (let done = 0, batch = 0; done < scripts; done += BATCH, batch += 1) {
    const seed = options.seed + batch;
    const numRuns = Math.min(BATCH, scripts - done);
    let shrinking = 0;
    let failedAtMs = Infinity;
    const property = fc.asyncProperty(fc.oneof(...providers.map(chaosScript)), async (script) => {
      if (shrinking > SHRINK_RUNS || Date.now() - failedAtMs > SHRINK_MS) return;
      const played = await simulate(script, options.mutant);
      const found = wrong(played);
      if (shrinking === 0) stats.add(script, played);
      if (found.length > 0 || shrinking > 0) shrinking += 1;
      if (shrinking === 1) failedAtMs = Date.now();
      if (found.length > 0) throw new Error(found.join('\n'));
    });
    const run = await fc.check(property, { numRuns, seed });
    if (!run.failed) continue;
    failures += 1;
    const [script] = run.counterexample ?? [];
    if (script === undefined) throw new Error('fast-check failed without a script');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `seed-${seed}.yaml`);
    const why = run.errorInstance instanceof Error ? run.errorInstance.message : 'unknown';
    const head = [`seed ${seed}, path ${run.counterexamplePath ?? ''}`, ...why.split('\n')];
    writeFileSync(file, `${head.map((line) => `# ${line}`).join('\n')}\n${stringify(script)}`);
    say(`FAILED seed ${seed}, path ${run.counterexamplePath ?? ''}, after ${run.numRuns} scripts`);
    for (const line of why.split('\n').slice(0, 8)) say(`  ${line}`);
    say(`  replay: npm run chaos -- --replay ${file}`);
    if (failures >= failuresAtMost) break;
  }
  return { failures, stats };
}

// Written by `searchScripts`, or by hand after its example; what it names is checked where it is used.
export const readChaosScript = (file: string): ChaosScript =>
  parse(readFileSync(file, 'utf8')) as ChaosScript;
