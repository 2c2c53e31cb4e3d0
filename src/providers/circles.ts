/**
 * Finds the nodes that lead back to themselves, directly or through others. One walk over all edges
 * (Tarjan's strongly connected components): a table may have hundreds of columns that name each
 * other.
 */
export function inCircles(graph: ReadonlyMap<string, readonly string[]>): Set<string> {
  const circling = new Set<string>();
  const order = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();

  /** Returns the earliest open node that can be reached from here. */
  const visit = (node: string): number => {
    const own = order.size;
    order.set(node, own);
    open.push(node);
    isOpen.add(node);
    let earliest = own;
    for (const next of graph.get(node) ?? []) {
      if (next === node) circling.add(node);
      const before = order.get(next);
      if (before === undefined) earliest = Math.min(earliest, visit(next));
      else if (isOpen.has(next)) earliest = Math.min(earliest, before);
    }
    if (earliest === own) {
      const group = open.splice(open.lastIndexOf(node));
      for (const member of group) {
        isOpen.delete(member);
        if (group.length > 1) circling.add(member);
      }
    }
    return earliest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circling;
}
