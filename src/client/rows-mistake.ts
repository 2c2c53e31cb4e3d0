import { RowmillError } from '../errors.ts';
import { MissingColumns } from '../sources/missing-columns.ts';
import type { LoadedPipeline, SpecError } from '../spec/index.ts';

/**
 * Result of freezing the rows of a pipeline, or an error for the author of the file: a source that
 * does not exist, or has no such column, is reported at the line that names it.
 * @throws SpecError `rows_invalid`, `source_not_found`, and what the freezing throws
 */
export async function atPipelineLine<T>(loaded: LoadedPipeline, freezing: Promise<T>): Promise<T> {
  try {
    return await freezing;
  } catch (error) {
    if (error instanceof MissingColumns) throw columnIssues(error, loaded);
    throw isNoFile(error, loaded) ? noFile(error, loaded) : error;
  }
}

function columnIssues(
  { missing, there, source }: MissingColumns,
  { pipeline, mistakes }: LoadedPipeline,
): SpecError {
  const { key, map, keep = 'all' } = pipeline.rows;
  const findings = missing.flatMap(({ name, found, meant }) => {
    const what = {
      found: `${source} has ${found}`,
      allowed: `name one of its columns: ${there}`,
      suggestion: meant,
    };
    const inputs = Object.keys(map).filter((input) => map[input] === name);
    const named = inputs.map((input) => ['rows', 'map', input]);
    if (key === name) named.push(['rows', 'key']);
    const at = keep === 'all' ? -1 : keep.indexOf(name);
    const paths: (string | number)[][] = at < 0 ? named : [...named, ['rows', 'keep', at]];
    return paths.map((path) => ({ ...what, path }));
  });
  return mistakes(findings, 'rows_invalid');
}

const isNoFile = (error: unknown, { pipeline }: LoadedPipeline): error is RowmillError =>
  error instanceof RowmillError &&
  error.code === 'source_not_found' &&
  pipeline.rows.source.type === 'file';

const noFile = ({ message }: RowmillError, { mistakes }: LoadedPipeline): SpecError =>
  mistakes(
    [{ path: ['rows', 'from'], found: message, allowed: 'a file that can be read here' }],
    'source_not_found',
  );
