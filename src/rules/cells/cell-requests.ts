import type { RunMode } from '../../contract/table.ts';

/** Rows of a request, with the number of cells of the set that each of them has. */
export interface RowGroup {
  rowIds: readonly string[];
  cellsEach: number;
}

/** A rectangle of rows × columns that is asked for at once. */
export interface CellRequest {
  mode: RunMode;
  /** Column keys. */
  columns: string[];
  /** `null`: every row of the table, which need not be named. */
  rows: RowGroup[] | null;
  /** Number of cells of the set in it. */
  cells: number;
}

/** Cells of one row that are asked for in one mode. */
export interface RowCells {
  rowId: string;
  mode: RunMode;
  columns: readonly string[];
  /** The row has cells beside them that a request over more columns might compute. */
  hasOthers: boolean;
}

/** Rows with the same columns. */
interface Pattern {
  columns: readonly string[];
  /** Rows in which a request may cover more columns, and still computes only cells of the set. */
  plain: string[];
  /** Rows in which it would compute others. */
  mixed: string[];
}

/** Rows that one request can name; it decides only which way takes fewer requests. */
const ROWS_PER_REQUEST = 5_000;

/**
 * Turns a cell set into rectangles, as few as possible. A rectangle may cover cells outside of the
 * set where the mode leaves them alone: `new` and `failed` pass over a cell that is done. Keeps one
 * text a row, and no cell.
 */
export class RequestPlan {
  readonly #patterns = new Map<RunMode, Map<string, Pattern>>();

  add({ rowId, mode, columns, hasOthers }: RowCells): void {
    const patterns = this.#patterns.get(mode) ?? new Map<string, Pattern>();
    this.#patterns.set(mode, patterns);
    const name = columns.join('\n');
    const pattern = patterns.get(name) ?? { columns, plain: [], mixed: [] };
    patterns.set(name, pattern);
    // In mode `all` every cell that is covered is computed.
    pattern[hasOthers || mode === 'all' ? 'mixed' : 'plain'].push(rowId);
  }

  /** @param wholeColumns Columns that can be asked for in every row, without naming the rows */
  requests(wholeColumns: ReadonlySet<string>): CellRequest[] {
    return [...this.#patterns].flatMap(([mode, found]) => {
      const patterns = [...found.values()];
      // Mode `all` computes done cells again, which the set does not have.
      if (mode === 'all') return named(mode, patterns);
      return fewest([
        [
          ...wholeRequest(mode, patterns, wholeColumns),
          ...named(mode, rest(patterns, wholeColumns)),
        ],
        named(mode, patterns),
      ]);
    });
  }
}

const rowsOf = ({ plain, mixed }: Pattern): string[] => [...plain, ...mixed];

const countOf = ({ plain, mixed }: Pattern): number => plain.length + mixed.length;

function wholeRequest(
  mode: RunMode,
  patterns: readonly Pattern[],
  wholeColumns: ReadonlySet<string>,
): CellRequest[] {
  const columns = new Set<string>();
  let cells = 0;
  for (const pattern of patterns) {
    const whole = pattern.columns.filter((column) => wholeColumns.has(column));
    for (const column of whole) columns.add(column);
    cells += whole.length * countOf(pattern);
  }
  return columns.size === 0 ? [] : [{ mode, columns: [...columns], rows: null, cells }];
}

/** Patterns without the columns that are asked for in every row. */
const rest = (patterns: readonly Pattern[], wholeColumns: ReadonlySet<string>): Pattern[] =>
  patterns.flatMap((pattern) => {
    const columns = pattern.columns.filter((column) => !wholeColumns.has(column));
    return columns.length === 0 ? [] : [{ ...pattern, columns }];
  });

/** Requests that name their rows. */
function named(mode: RunMode, patterns: readonly Pattern[]): CellRequest[] {
  const mixed = patterns
    .filter((one) => one.mixed.length > 0)
    .map((one) => ({ ...one, plain: [] }));
  const plain = patterns.filter((one) => one.plain.length > 0);
  const apart = [...covering(mode, plain), ...exact(mode, mixed)];
  return fewest([apart, exact(mode, patterns)]);
}

/**
 * Returns exact requests. In mode `all` a row is in one only: what the provider takes along is
 * computed each time.
 */
const exact = (mode: RunMode, patterns: readonly Pattern[]): CellRequest[] =>
  mode === 'all'
    ? byPattern(mode, patterns)
    : fewest([byPattern(mode, patterns), byColumn(mode, patterns)]);

/** One request over all columns of all plain rows. */
function covering(mode: RunMode, patterns: readonly Pattern[]): CellRequest[] {
  const rows = patterns.map(({ plain, columns }) => ({ rowIds: plain, cellsEach: columns.length }));
  return rows.length === 0
    ? []
    : [
        request(
          mode,
          patterns.flatMap(({ columns }) => columns),
          rows,
        ),
      ];
}

const byPattern = (mode: RunMode, patterns: readonly Pattern[]): CellRequest[] =>
  patterns.map((one) =>
    request(mode, one.columns, [{ rowIds: rowsOf(one), cellsEach: one.columns.length }]),
  );

/** A request for each column; columns that are asked for in the same rows share one. */
function byColumn(mode: RunMode, patterns: readonly Pattern[]): CellRequest[] {
  const patternsOf = new Map<string, number[]>();
  for (const [at, { columns }] of patterns.entries()) {
    for (const column of columns) {
      const known = patternsOf.get(column);
      if (known === undefined) patternsOf.set(column, [at]);
      else known.push(at);
    }
  }
  const columnsOf = new Map<string, { columns: string[]; at: number[] }>();
  for (const [column, at] of patternsOf) {
    const name = at.join();
    const known = columnsOf.get(name);
    if (known === undefined) columnsOf.set(name, { columns: [column], at });
    else known.columns.push(column);
  }
  return [...columnsOf.values()].map(({ columns, at }) => {
    const rowIds = at.flatMap((index) => {
      const pattern = patterns[index];
      return pattern === undefined ? [] : rowsOf(pattern);
    });
    return request(mode, columns, [{ rowIds, cellsEach: columns.length }]);
  });
}

function request(mode: RunMode, columns: readonly string[], rows: RowGroup[]): CellRequest {
  const cells = rows.reduce((sum, { rowIds, cellsEach }) => sum + rowIds.length * cellsEach, 0);
  return { mode, columns: [...new Set(columns)], rows, cells };
}

/** The alternative with the fewest requests; the first of equal ones. */
function fewest(alternatives: readonly CellRequest[][]): CellRequest[] {
  let best: CellRequest[] = [];
  let least = Infinity;
  for (const requests of alternatives) {
    const number = requests.reduce((sum, { rows }) => sum + requestsFor(rows), 0);
    if (number < least) [best, least] = [requests, number];
  }
  return best;
}

const requestsFor = (rows: RowGroup[] | null): number => {
  const named = rows?.reduce((sum, { rowIds }) => sum + rowIds.length, 0) ?? 0;
  return Math.max(1, Math.ceil(named / ROWS_PER_REQUEST));
};
