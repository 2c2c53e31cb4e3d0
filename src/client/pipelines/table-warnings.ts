import { pipelineColumns } from '../../answers/answer-schemas.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { tableSinkOf } from '../../sinks/tables.ts';
import type { Snapshot } from '../../sources/snapshot.ts';

/** Columns of a table beside inputs, source and answers: key, status, sources. */
const OWN_COLUMNS = 3;

/** Warns of tables that may refuse rows of these columns. */
export function tableWarnings(pipeline: Pipeline, { kept }: Pick<Snapshot, 'kept'>): string[] {
  const { provider, tables = [] } = pipeline;
  if (tables.length === 0) return [];
  const { columns, inputs } = pipelineColumns(requireProviderSpec(provider), pipeline);
  const count = OWN_COLUMNS + inputs.length + kept.length + columns.length;
  return tables.flatMap((target) => {
    const sink = tableSinkOf(target);
    const caution = sink.caution(target, count);
    return caution === null ? [] : [`${sink.name(target)}: ${caution}`];
  });
}
