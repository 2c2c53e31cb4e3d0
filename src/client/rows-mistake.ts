import { MissingColumns } from '../sources/missing-columns.ts';
import { quoted } from '../sources/row.ts';
import type { LoadedPipeline, SpecError } from '../spec/index.ts';

/**
 * What freezing the rows of a pipeline gives back, or throws for whoever wrote the file: a column that
 * the source does not have is told by the line that names it.
 * @throws SpecError `rows_invalid`, and what the freezing throws
 */
export async function toldByFile<T>(loaded: LoadedPipeline, freezing: Promise<T>): Promise<T> {
  try {
    return await freezing;
  } catch (error) {
    throw error instanceof MissingColumns ? mistakesOf(error, loaded) : error;
  }
}

function mistakesOf(
  { missing, there, source }: MissingColumns,
  { pipeline, mistakes }: LoadedPipeline,
): SpecError {
  const { key, map } = pipeline.rows;
  const findings = missing.flatMap(({ name, meant }) => {
    const what = {
      found: `${source} has no column ${quoted(name)}`,
      allowed: `name one of its columns: ${there}`,
      suggestion: meant,
    };
    const inputs = Object.keys(map).filter((input) => map[input] === name);
    const named = inputs.map((input) => ['rows', 'map', input]);
    if (key === name) named.push(['rows', 'key']);
    return named.map((path) => ({ ...what, path }));
  });
  return mistakes(findings, 'rows_invalid');
}
