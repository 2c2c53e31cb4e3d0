import type { AgentType, ColumnKind } from './column-config.ts';
import { between } from '../oracle/seeded.ts';
import type { Column } from './table.ts';
import type { SandboxState } from './state.ts';
import { rowKey } from '../oracle/expected.ts';
import type { JsonObject } from '../json.ts';

const FREE: ReadonlySet<ColumnKind> = new Set(['input', 'discovery_scores']);

/** Credits for one start of a cell. */
export function priceOf({ config, free, system, terms }: Column): number {
  if (free || FREE.has(config.kind)) return 0;
  if (system) return terms.automaticPrice;
  return config.kind === 'company_people_finder' ? 2 * terms.cellPrice : terms.cellPrice;
}

type Span = readonly [minMs: number, maxMs: number];

const AGENT_MS: Record<AgentType, Span> = {
  research_pro: [60_000, 180_000],
  research: [30_000, 90_000],
  research_reasoning: [20_000, 60_000],
  linkedin: [10_000, 30_000],
  llm: [3_000, 10_000],
};

const KIND_MS: Partial<Record<ColumnKind, Span>> = {
  company_profile: [2_000, 6_000],
  company_name: [200, 600],
  company_website: [200, 600],
  criterion_grade: [20_000, 60_000],
  company_people_finder: [60_000, 180_000],
};

/** API ms of one try: the same row, column and try take the same time again. */
export function durationMs(
  state: SandboxState,
  column: Column,
  slot: number,
  data: JsonObject,
): number {
  const { config } = column;
  const byType = config.kind === 'agent' ? AGENT_MS[config.value.agent_type] : KIND_MS[config.kind];
  const [min, max] =
    state.cellMs !== null && !column.system && priceOf(column) > 0
      ? [state.cellMs.min, state.cellMs.max]
      : (byType ?? [10_000, 30_000]);
  const attempt = column.cells.starts[slot] ?? 0;
  return between(min, max, state.oracle.seed, 'ms', slot, rowKey(data), config.key, attempt);
}
