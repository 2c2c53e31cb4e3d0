/**
 * A record keyed by names from outside: a column may be called `__proto__` or `constructor`, and
 * nothing is in here that was not put in.
 */
export function byName<Value>(
  entries: Iterable<readonly [string, Value]> = [],
): Record<string, Value> {
  // `Object.create` has no type of its own.
  const record = Object.create(null) as Record<string, Value>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}
