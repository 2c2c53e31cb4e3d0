import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { sinkOf } from '../../sinks/index.ts';

/**
 * Checks that every result path is writable, and reports all that are not. @throws
 * `sink_unwritable`
 */
export async function probeTargets({
  name,
  results,
}: Pick<Pipeline, 'name' | 'results'>): Promise<void> {
  const failures: RowmillError[] = [];
  for (const target of results) {
    try {
      await sinkOf(target).probe(target, name);
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
