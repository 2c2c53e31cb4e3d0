/**
 * Maps items in their order, so many at once: each may take an open file or a connection.
 * Rejects with the first error of a group.
 */
export async function mapAtOnce<T, R>(
  items: readonly T[],
  atOnce: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const mapped: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    mapped.push(...(await Promise.all(items.slice(from, from + atOnce).map(map))));
  }
  return mapped;
}
