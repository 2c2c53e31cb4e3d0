import { type ColumnConfig, type TableKind, KIND_NEEDS_TABLE } from '../engine/column-config.ts';
import { inOrder, namedDependencies } from '../engine/dependencies.ts';
import { Problem, type Invalid } from '../http/problem.ts';

const NOT_ON_PEOPLE: ReadonlySet<string> = new Set(['research_pro', 'research']);
const NEEDS_LABELS: ReadonlySet<string> = new Set(['select', 'multiselect', 'label']);

/**
 * Checks what the schema alone cannot about a table's columns. `all` is every column the table
 * would have; `from` is the number of existing ones.
 * @throws Problem 422 with every mistake
 */
export function checkColumns(
  kind: TableKind,
  all: readonly ColumnConfig[],
  sent: readonly ColumnConfig[],
): void {
  const keys = new Set(all.map((config) => config.key));
  const wrong = sent.flatMap((config, at) => {
    const loc = ['body', 'column_configs', at];
    return [
      ...(all.some((other) => other !== config && other.key === config.key)
        ? [value([...loc, 'key'], `Column key '${config.key}' is used twice`)]
        : []),
      ...kindMistakes(kind, config, loc),
      ...namedDependencies(config)
        .filter((key) => !keys.has(key))
        .map((key) => value([...loc, 'value', 'prompt'], `Unknown column reference {${key}}`)),
    ];
  });
  if (
    wrong.length === 0 &&
    inOrder(
      kind,
      all.map((config) => ({ config })),
    ) === null
  ) {
    wrong.push(value(['body', 'column_configs'], 'Columns depend on each other in a circle'));
  }
  if (wrong.length > 0) throw new Problem(422, wrong);
}

function kindMistakes(kind: TableKind, config: ColumnConfig, loc: Invalid['loc']): Invalid[] {
  const needs = KIND_NEEDS_TABLE[config.kind];
  const found =
    needs !== undefined && needs !== kind
      ? [value([...loc, 'kind'], `'${config.kind}' is for ${needs} tables, this one is ${kind}`)]
      : [];
  if (config.kind !== 'agent') return found;
  const { agent_type, output_format, labels, output_schema } = config.value;
  const at = (field: string): Invalid['loc'] => [...loc, 'value', field];
  if (kind === 'people' && NOT_ON_PEOPLE.has(agent_type)) {
    found.push(value(at('agent_type'), `'${agent_type}' is not available in people tables`));
  }
  if (NEEDS_LABELS.has(output_format) && (labels ?? []).length === 0) {
    found.push(value(at('labels'), `Output format '${output_format}' needs labels`));
  }
  if (output_format === 'json' && output_schema === null) {
    found.push(value(at('output_schema'), "Output format 'json' needs an output schema"));
  }
  return found;
}

const value = (loc: Invalid['loc'], msg: string): Invalid => ({ loc, msg, type: 'value_error' });
