import type { Column, TableRef } from '../../contract/table.ts';

/** Returns the columns that a run has to name: the pipeline's and their dependencies. */
export const neededColumns = ({ columns }: TableRef): Column[] =>
  columns.filter(({ input, stray }) => !input && stray !== true);

/** Keys of all columns upstream that the provider added by itself. */
export function automaticUpstream(column: Column, computed: readonly Column[]): string[] {
  const byKey = new Map(computed.map((one) => [one.key, one]));
  const seen = new Set<string>();
  const visit = ({ dependsOn }: Column): void => {
    for (const key of dependsOn) {
      const upstream = byKey.get(key);
      if (upstream === undefined || seen.has(key)) continue;
      seen.add(key);
      visit(upstream);
    }
  };
  visit(column);
  return [...seen].filter((key) => byKey.get(key)?.ours === false);
}
