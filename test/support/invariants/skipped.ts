import type { Evidence } from './evidence.ts';

/**
 * Returns whether a cell must not be asked for; conditions are patterns on the key, wherever there
 * are any.
 */
export function isSkipped({ pipeline }: Pick<Evidence, 'pipeline'>, key: string, column: string) {
  const conditions = Object.values(pipeline.when?.[column] ?? {});
  return conditions.some(({ matches }) => matches !== undefined && !new RegExp(matches).test(key));
}
