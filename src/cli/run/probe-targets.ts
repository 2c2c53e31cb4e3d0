import { pipelineColumns } from '../../answers/answer-schemas.ts';
import type { StartPlan } from '../../client/pipelines/prepare.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { companionsOf } from '../../paths/footprint.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { PAGE_BEGINNING } from '../../report/page.ts';
import { probeReport } from '../../sinks/files/report-file.ts';
import { sinkOf } from '../../sinks/index.ts';
import { tableSinkOf } from '../../sinks/tables.ts';
import type { Env } from '../io/context.ts';

/**
 * Checks that results can be written to every target, and reports all that cannot be.
 *
 * @param env Variables with the addresses of databases; `null`: they are not looked at
 * @throws `sink_unwritable`
 */
export async function probeTargets({ pipeline, rows }: StartPlan, env: Env | null): Promise<void> {
  const { name, results, tables = [] } = pipeline;
  const ofPipeline = pipelineColumns(requireProviderSpec(pipeline.provider), pipeline);
  const columns = { ...ofPipeline, source: rows.kept };
  const probes = [
    ...results.map((target) => () => sinkOf(target).probe(target, name)),
    ...(env === null ? [] : tables).map(
      (target) => () => tableSinkOf(target).probe(target, { columns, env: env ?? {} }),
    ),
  ];
  const failures: RowmillError[] = [];
  for (const probe of probes) {
    try {
      await probe();
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      failures.push(error);
    }
  }
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const what = failures.map((failure) => failure.message).join('\n');
  throw new RowmillError(first.code, `${failures.length} results cannot be written\n${what}`);
}

/** Returns a warning for each place where a run could not put its report; its results are not affected. */
export async function reportWarnings({ results, report }: Pipeline): Promise<string[]> {
  if (report === false) return [];
  const paths = new Set(results.map(({ to }) => companionsOf({ to }).report));
  const warnings: string[] = [];
  for (const path of paths) {
    try {
      await probeReport({ path, beginning: PAGE_BEGINNING });
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      warnings.push(`the run would write no report: ${error.message}`);
    }
  }
  return warnings;
}
