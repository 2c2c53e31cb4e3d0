import type { PipelineSource } from '../client/pipeline-source.ts';
import { RowmillError } from '../errors.ts';
import type { PipelineDocument } from '../spec/index.ts';
import type { PathPolicy } from './places.ts';

/** A pipeline out of a body. Its results are optional: they can be had from the gateway. */
export function pipelineFromBody(
  pipeline: Record<string, unknown> | string,
  places: PathPolicy,
  key: string,
): PipelineSource {
  if (typeof pipeline === 'string') return { text: pipeline };
  if ('text' in pipeline) {
    throw new RowmillError('http_bad_request', '"text" is no field of a pipeline', {
      where: 'body/pipeline',
    });
  }
  const { name } = pipeline;
  const results =
    typeof name === 'string' && pipeline['results'] === undefined
      ? { results: [{ to: places.defaultResult(key, name.slice(0, 63)) }] }
      : {};
  // Whatever it holds is judged by the pipeline's own schema.
  return { ...pipeline, ...results } as PipelineDocument;
}
