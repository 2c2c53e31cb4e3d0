import {
  type ColumnConfig,
  type TableKind,
  CONTEXT_KEYS,
  isAutomatic,
  isSystem,
} from './column-config.ts';

const MENTION = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Keys mentioned as `{key}`, in order, each once. */
const mentionsIn = (prompt: string): string[] => [
  ...new Set(Array.from(prompt.matchAll(MENTION), (match) => match[1] ?? '')),
];

/** Returns the dependencies that the caller named: by mention or in `extra_dependencies`. */
export function namedDependencies(config: ColumnConfig): string[] {
  switch (config.kind) {
    case 'agent':
      return [
        ...new Set([
          ...mentionsIn(config.value.prompt),
          ...(config.value.extra_dependencies ?? []),
        ]),
      ];
    case 'criterion_grade':
      return mentionsIn(config.value.criterion);
    case 'reverse_email_lookup':
      return [config.email_column_key];
    default:
      return [];
  }
}

/** Keys that must be done on the same row before this column's cell starts. */
export function dependencies(kind: TableKind, config: ColumnConfig): string[] {
  if (config.kind === 'company_profile') return ['input'];
  if (isSystem(config.kind)) return ['company_profile'];
  if (config.kind === 'input' || config.kind === 'discovery_scores') return [];
  if (kind === 'people' && isAutomatic(kind, config)) return namedDependencies(config);
  return [...new Set([...namedDependencies(config), ...CONTEXT_KEYS[kind]])].filter(
    (key) => key !== config.key || namedDependencies(config).includes(key),
  );
}

/** Configs with every upstream before its downstream; `null` when they go round in a circle. */
export function inOrder<C extends { readonly config: ColumnConfig }>(
  kind: TableKind,
  columns: readonly C[],
): C[] | null {
  const byKey = new Map(columns.map((column) => [column.config.key, column]));
  const state = new Map<C, 'open' | 'closed'>();
  const order: C[] = [];
  const visit = (column: C): boolean => {
    if (state.get(column) === 'closed') return true;
    if (state.get(column) === 'open') return false;
    state.set(column, 'open');
    for (const key of dependencies(kind, column.config)) {
      const upstream = byKey.get(key);
      if (upstream !== undefined && !visit(upstream)) return false;
    }
    state.set(column, 'closed');
    order.push(column);
    return true;
  };
  return columns.every(visit) ? order : null;
}
