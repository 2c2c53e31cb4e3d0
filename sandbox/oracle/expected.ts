import {
  columnConfig,
  type ColumnConfig,
  type TableKind,
  isSystem,
  withAutomatic,
} from '../engine/column-config.ts';
import { dependencies, namedDependencies } from '../engine/dependencies.ts';
import type { FactBook } from './facts.ts';
import { ruledOutcome, type RuledOutcome } from '../faults/cell-outcome.ts';
import type { CellRule } from '../faults/script.ts';
import { hostOf, peopleOf, phoneOf, shaped, websiteOf, type Subject } from './answer-formats.ts';
import { between, share } from './seeded.ts';
import type { Json, JsonObject } from '../json.ts';

/** Everything that answers and failures follow from. */
export interface Oracle {
  seed: number;
  /** Share of cells (0..1) that fail on the first try only. */
  failRate: number;
  /** Share of cells (0..1) that never succeed. */
  alwaysFailsRate: number;
  book: FactBook;
  /** Cell rules of the fault script, if any. */
  cellRules: readonly CellRule[];
  cellSeed: number;
}

/** A row with what stands around it. */
export interface Setting {
  kind: TableKind;
  /** Input column → value. */
  data: JsonObject;
  /** Every column of the table, by key. */
  columns: ReadonlyMap<string, ColumnConfig>;
}

export interface Expected {
  /** Content of the cell once it is done, without the envelope; `null` = nothing found. */
  answer: Json;
  /** Fails however often it is run. */
  alwaysFails: boolean;
  /** Fails once, then succeeds. */
  firstTryFails: boolean;
  /** Keys of the columns that it waits for. */
  upstream: string[];
  /** Upstream columns that always fail on this row: the cell never starts. */
  blockedBy: string[];
  /**
   * True if the fault script stalls the cell, or one that it waits for, for ever or until nudged.
   */
  stuck: boolean;
  /** Nudges after which it no longer stalls, counted per column; `null` = none helps. */
  nudges: number | null;
}

/** Identifies a row by its `input`, else by all its data. */
export const rowKey = (data: JsonObject): string =>
  typeof data['input'] === 'string' ? data['input'] : JSON.stringify(data);

/**
 * Predicts the end of one cell. `sent` is its column config as a client sends it. `all` are those
 * of the whole table, needed if the column mentions others.
 * @throws ZodError for an invalid config
 */
export function expectedResult(
  oracle: Oracle,
  kind: TableKind,
  input: string | JsonObject,
  sent: object,
  all: readonly object[] = [sent],
): Expected {
  const data = typeof input === 'string' ? { input } : input;
  const column = columnConfig.parse(sent);
  const configs = withAutomatic(
    kind,
    all.map((one) => columnConfig.parse(one)),
  );
  const columns = new Map(configs.map((config) => [config.key, config]));
  const setting = { kind, data, columns };
  const word = rowKey(data);
  const { alwaysFails, firstTryFails } = cellPlan(oracle, word, column);
  const upstream = upstreamOf(setting, column);
  const holds = [column, ...upstream].flatMap((one) => cellPlan(oracle, word, one).stuck ?? []);
  return {
    answer: answerOf(oracle, setting, column),
    alwaysFails,
    firstTryFails,
    upstream: upstream.map((config) => config.key),
    blockedBy: upstream
      .filter((config) => cellPlan(oracle, word, config).alwaysFails)
      .map((config) => config.key),
    stuck: holds.length > 0,
    nudges: holds.reduce<number | null>(
      (most, { nudges }) => (most === null || nudges == null ? null : Math.max(most, nudges)),
      0,
    ),
  };
}

export interface CellPlan extends RuledOutcome {
  alwaysFails: boolean;
  firstTryFails: boolean;
}

export function cellPlan(oracle: Oracle, word: string, config: ColumnConfig): CellPlan {
  const system = isSystem(config.kind);
  // The service's own cells are struck only by rules that name them.
  const rules = system ? oracle.cellRules.filter(({ columns }) => columns) : oracle.cellRules;
  const ruled = ruledOutcome(rules, oracle.cellSeed, word, config.key);
  if (system)
    return { alwaysFails: false, firstTryFails: false, stuck: ruled.stuck, failing: null };
  const draw = share(oracle.seed, 'fate', word, config.key);
  const alwaysFails = draw < oracle.alwaysFailsRate || ruled.failing?.tries === 'every';
  const fails = draw < oracle.alwaysFailsRate + oracle.failRate || ruled.failing !== null;
  return { alwaysFails, firstTryFails: !alwaysFails && fails, ...ruled };
}

function upstreamOf(setting: Setting, config: ColumnConfig): ColumnConfig[] {
  const found = new Map<string, ColumnConfig>();
  const collect = (from: ColumnConfig): void => {
    for (const key of dependencies(setting.kind, from)) {
      const upstream = setting.columns.get(key);
      if (upstream === undefined || upstream.kind === 'input' || found.has(key)) continue;
      found.set(key, upstream);
      collect(upstream);
    }
  };
  collect(config);
  return [...found.values()];
}

export function answerOf(oracle: Oracle, setting: Setting, config: ColumnConfig): Json {
  if (config.kind === 'input') {
    const { key } = config;
    return Object.hasOwn(setting.data, key) ? (setting.data[key] ?? null) : null;
  }
  const subject = subjectOf(oracle, setting, config);
  const { name, origin } = subject;
  switch (config.kind) {
    case 'company_profile':
      return { context: profileOf(subject) };
    case 'company_name':
      return name;
    case 'company_website':
      return websiteOf(name);
    case 'agent':
      return shaped(config.value, subject);
    case 'criterion_grade':
      return between(1, 5, ...origin);
    case 'company_people_finder':
      return peopleOf(name, config.value.roles, config.value.max_results, origin);
    case 'email_finder':
      return `${hostOf(name).replace(/\.example$/, '')}@people.example`;
    case 'phone_finder':
      return phoneOf(origin);
    case 'reverse_email_lookup':
      return peopleOf(name, ['Employee'], 1, origin)[0] ?? null;
    case 'discovery_scores':
      return null;
  }
}

function subjectOf(oracle: Oracle, setting: Setting, config: ColumnConfig): Subject {
  const { data, kind } = setting;
  const word = rowKey(data);
  const called = kind === 'people' ? (data['full_name'] ?? data['input']) : data['input'];
  const fact = kind === 'people' || typeof called !== 'string' ? null : oracle.book.find(called);
  const upstream: Record<string, Json> = {};
  for (const key of namedDependencies(config)) {
    const other = setting.columns.get(key);
    if (other === undefined || isSystem(other.kind) || key === 'input') continue;
    upstream[key] = answerOf(oracle, setting, other);
  }
  return {
    name: fact?.name ?? (typeof called === 'string' ? called : 'Example row'),
    fact,
    upstream,
    origin: [oracle.seed, 'answer', word, config.key],
  };
}

const profileOf = ({ name, fact, origin }: Subject): JsonObject => ({
  short_description: `${name}. Synthetic profile.`,
  founding_year: Number(
    /\d{4}/.exec(fact?.founded ?? '')?.[0] ?? 1900 + between(0, 120, ...origin),
  ),
  employee_count: between(10, 300_000, ...origin, 'employees'),
  hq_location: fact?.headquarters ?? null,
  sources: [websiteOf(name)],
});

/** The cell's `value` on the wire: agents answer in an envelope, the rest plainly. */
export function valueOf(oracle: Oracle, setting: Setting, config: ColumnConfig): Json {
  const answer = answerOf(oracle, setting, config);
  if (config.kind === 'input' || isSystem(config.kind) || answer === null) return answer;
  const { name, fact } = subjectOf(oracle, setting, config);
  return {
    answer,
    explanation: `${fact === null ? 'Made up' : 'From the list of facts'} for ${name} by the sandbox.`,
    sources: [`${websiteOf(name)}/about`],
  };
}
