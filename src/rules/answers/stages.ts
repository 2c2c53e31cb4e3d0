import type { When } from '../../contract/pipeline.ts';

/** Column of a table, and what it follows from. */
interface StagedColumn {
  key: string;
  /** True if the rows fill it. */
  input: boolean;
  dependsOn: readonly string[];
}

/**
 * Returns the number of passes in which a table with conditions is asked for, if every condition holds.
 * A column comes in a later pass than the columns that its conditions are about. Fields of the source
 * take no pass.
 */
export function stagesOf(when: When, columns: readonly StagedColumn[]): number {
  const computed = new Map(
    columns.filter(({ input }) => !input).map((column) => [column.key, column]),
  );
  const known = new Map<string, number>();
  const stageOf = (key: string): number => {
    const column = computed.get(key);
    if (column === undefined) return 0;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, 1); // The file has no circles; one would end here.
    const conditions = Object.hasOwn(when, key) ? Object.keys(when[key] ?? {}) : [];
    const stage = Math.max(
      1,
      ...column.dependsOn.map(stageOf),
      ...conditions.map((name) => stageOf(name) + 1),
    );
    known.set(key, stage);
    return stage;
  };
  return Math.max(1, ...[...computed.keys()].map(stageOf));
}
