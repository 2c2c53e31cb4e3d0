import { RowmillError } from '../../errors.ts';
import { baseUrlOf, readFactsFile, writeFactsFile } from '../../providers/facts-store.ts';
import { apiName, mergeLearned, type FactsFile } from '../../providers/facts.ts';
import type { LiveCheck, LivePace } from '../../providers/live-check.ts';
import { runLiveCheck, type LiveReport } from '../../providers/live-run.ts';
import { createLiveCheck } from '../../providers/registry.ts';
import { PROVIDER_SPECS, requireProviderSpec, type ProviderSpec } from '../../providers/catalog.ts';
import type { Env } from '../io/context.ts';
import { packageVersion } from '../../process/package-root.ts';

/** Provider to check live, with the content of its facts file. */
export interface Candidate {
  spec: ProviderSpec;
  check: LiveCheck;
  before: FactsFile | null;
}

/**
 * Returns the named provider, else all that have a token.
 * @throws RowmillError `token_missing` without any, `usage` for a facts file that cannot be read
 */
export function candidates(env: Env, named: string | undefined, pace: LivePace): Candidate[] {
  const specs =
    named === undefined
      ? PROVIDER_SPECS.filter((spec) => Boolean(env[spec.tokenVariable]?.trim()))
      : [requireProviderSpec(named)];
  if (specs.length === 0) {
    const variables = PROVIDER_SPECS.map(({ tokenVariable }) => tokenVariable);
    throw new RowmillError('token_missing', `none of ${variables.join(', ')} is set`);
  }
  return specs.flatMap((spec): Candidate[] => {
    const check = createLiveCheck(spec.name, { ...env }, { pace });
    return check === null ? [] : [{ spec, check, before: readFactsFile(env, spec.name) }];
  });
}

export interface Checked {
  provider: string;
  unit: string;
  report: LiveReport;
  factsFile: string;
}

/** Asks the questions and writes the findings; keeps what the owner has set. */
export async function askLive(
  { spec, check, before }: Candidate,
  env: Env,
  options: Parameters<typeof runLiveCheck>[1],
): Promise<Checked> {
  const report = await runLiveCheck(check, options);
  const api = apiName(spec, baseUrlOf(spec, env));
  const { unit } = check.budget;
  const factsFile = await writeFactsFile(env, {
    format: 1,
    provider: spec.name,
    api,
    rowmill: packageVersion(),
    checkedAt: new Date().toISOString(),
    spent: { amount: report.spent, unit },
    facts: report.findings.map((finding) => ({ ...finding })),
    learned: mergeLearned([
      // Keeps earlier findings of questions that stay open now; facts of another address do not
      // apply.
      ...(before?.api === api ? [before.learned] : []),
      ...report.answers.flatMap(({ learned }) => learned ?? []),
    ]),
    set: before?.set ?? {},
  });
  return { provider: spec.name, unit, report, factsFile };
}
