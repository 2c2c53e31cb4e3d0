/** Selects the runs of a list that the caller may see. */
export type VisibleRuns = (ids: readonly string[]) => Promise<string[]>;

/** Fields that name other runs: a list of ids, or objects with `workflowId`. */
const RUN_FIELDS: ReadonlySet<string> = new Set(['sameTarget', 'replaced', 'existing']);

/**
 * Replaces the ids of runs that the caller may not see by `null`, in an answer about a run of its
 * own.
 */
export async function hideOtherRuns<T>(value: T, visible: VisibleRuns): Promise<T> {
  const ids = new Set<string>();
  replaceIds(value, (id) => {
    ids.add(id);
    return id;
  });
  if (ids.size === 0) return value;
  const seen = new Set(await visible([...ids]));
  // Safe cast: only ids inside the value change.
  return replaceIds(value, (id) => (seen.has(id) ? id : null)) as T;
}

type Replace = (id: string) => string | null;

function replaceIds(value: unknown, replace: Replace, field: string | null = null): unknown {
  if (typeof value === 'string') return field === null ? value : replace(value);
  if (Array.isArray(value)) return value.map((item) => replaceIds(item, replace, field));
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  const fieldOf = (name: string): string | null => {
    if (RUN_FIELDS.has(name)) return name;
    return field !== null && name === 'workflowId' ? name : null;
  };
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, replaceIds(item, replace, fieldOf(name))]),
  );
}

/** An error or a date is not a part of the answer that names runs. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
