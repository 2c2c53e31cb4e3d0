import { parser } from '@prometheus-io/lezer-promql';

/** One selector of an expression: `metric{label="…"}`. */
export interface Selector {
  metric: string;
  labels: string[];
}

export interface Expression {
  selectors: Selector[];
  /** Labels named by `by (…)` and the like. */
  groupedBy: string[];
}

/** Reads PromQL with the grammar of Prometheus' own editor. @throws where it does not parse */
export function readPromql(text: string): Expression {
  const selectors: Selector[] = [];
  const groupedBy: string[] = [];
  let inGrouping = false;
  parser.parse(text).iterate({
    enter(node) {
      const found = text.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${text}`);
      if (node.name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      const selector = selectors.at(-1);
      if (node.name === 'Identifier' && selector !== undefined) selector.metric = found;
      if (node.name === 'GroupingLabels') inGrouping = true;
      if (node.name !== 'LabelName') return;
      if (inGrouping) groupedBy.push(found);
      else selector?.labels.push(found);
    },
    leave(node) {
      if (node.name === 'GroupingLabels') inGrouping = false;
    },
  });
  return { selectors, groupedBy };
}
