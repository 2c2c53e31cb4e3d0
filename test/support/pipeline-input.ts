import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../src/contract/json.ts';
import type { EnrichTableInput } from '../../src/contract/run.ts';
import { parsePipeline } from '../../src/spec/index.ts';
import type { ProviderCase } from './providers/provider-case.ts';

/** A pipeline file in this folder, read as a command reads it: inline rows through one column. */
export async function pipelineInput(
  folder: string,
  provider: ProviderCase,
  rows: readonly Record<string, Json>[],
  fields: Record<string, unknown>,
): Promise<EnrichTableInput> {
  const file = join(folder, 'pipeline.json');
  const text = JSON.stringify({
    name: 'test-pipeline',
    provider: provider.name,
    table: provider.tables.one,
    rows: { inline: rows, key: 'Symbol', map: provider.map },
    results: [{ to: 'out/results.jsonl' }],
    ...fields,
  });
  await writeFile(file, text);
  return { pipeline: parsePipeline(text, { file, baseDir: folder }).pipeline };
}
