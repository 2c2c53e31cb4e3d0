import type { AskReason } from '../../src/contract/ask-reasons.ts';
import type { Column, RunMode, TableRef } from '../../src/contract/table.ts';
import {
  addAsked,
  LimitedCells,
  mayCompute,
  modeToAsk,
  reasonOfNew,
  reasonToAsk,
  type CellLimits,
} from '../../src/rules/cells/cell-set.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';
import type { Draft, Folder } from '../../src/store/store.ts';
import {
  cellSetFile,
  type CellGroup,
  type CellSetEnd,
  type CellSetLine,
} from '../run-files/cell-set-file.ts';
import { openCellsFile, openRows, type OpenCell, type OpenRow } from '../run-files/open-cells.ts';
import { rowNames, type TableRows } from './row-names.ts';

/** Pass whose cells are chosen. */
export interface PassScope extends TableRows {
  /** 1, 2, … within the run: names the file of its cell set. */
  pass: number;
  kind: PassKind;
  mode: RunMode;
  /** Number of the last table scan; `null`: the table was never scanned. */
  scan: number | null;
  /** Cuts the set: at most so many cells of a column. Left out: every cell that is due. */
  limits?: CellLimits;
}

/**
 * Chooses the cells that a pass asks for, and writes them into the run's folder. Reads only files that
 * no longer change: another attempt decides the same.
 */
export async function chooseCells(scope: PassScope, folder: Folder): Promise<CellSetEnd> {
  const draft = await folder.create(cellSetFile(scope.pass));
  try {
    const set = new CellSetWriter(scope, draft);
    if (scope.scan === null) await everyCell(scope, folder, set);
    else for await (const row of openRows(folder, openCellsFile(scope.scan))) await set.row(row);
    const end = set.end();
    await draft.line(JSON.stringify(end));
    await draft.commit();
    return end;
  } finally {
    await draft.discard();
  }
}

const ownColumns = ({ columns }: TableRef): Column[] =>
  columns.filter(({ ours, input }) => ours && !input);

/** Cells of a table that was never scanned: one entry, as far as no limit cuts it. */
async function everyCell(scope: PassScope, folder: Folder, set: CellSetWriter): Promise<void> {
  const { rows, limits = {} } = scope;
  const keys = ownColumns(scope.table).map(({ key }) => key);
  const limitOf = (key: string): number => limits[key] ?? rows;
  await set.all(keys.filter((key) => limitOf(key) >= rows));
  const cut = keys.filter((key) => limitOf(key) < rows);
  const named = Math.max(0, ...cut.map(limitOf));
  if (named === 0) return;
  let at = 0;
  for await (const { id, key } of rowNames(folder, scope)) {
    if (at >= named) return;
    await set.cut(
      { rowId: id, key },
      cut.filter((column) => at < limitOf(column)),
    );
    at += 1;
  }
}

class CellSetWriter {
  readonly #scope: PassScope;
  readonly #draft: Draft;
  readonly #limited: LimitedCells;
  readonly #own: ReadonlySet<string>;
  /** Computed columns that the provider added. */
  readonly #automatic: ReadonlySet<string>;
  readonly #asked: CellSetEnd['asked'] = {};
  /** Columns with a cell outside of the set that a request over every row might compute. */
  readonly #apart = new Set<string>();

  constructor(scope: PassScope, draft: Draft) {
    this.#scope = scope;
    this.#draft = draft;
    this.#limited = new LimitedCells(scope.limits);
    const own = ownColumns(scope.table);
    this.#own = new Set(own.map(({ key }) => key));
    const others = scope.table.columns.filter(({ ours, input }) => !ours && !input);
    this.#automatic = new Set(others.map(({ key }) => key));
  }

  /** Adds columns of every row. */
  async all(columns: string[]): Promise<void> {
    const { rows, mode } = this.#scope;
    const reason = reasonOfNew(mode);
    for (const key of this.#own) if (!columns.includes(key)) this.#apart.add(key);
    if (columns.length === 0) return;
    for (const column of columns) addAsked(this.#asked, reason, column, rows);
    await this.#line({ rows: 'all', groups: [{ reason, mode, columns }] });
  }

  /** Adds columns of one row of a table that was never scanned. */
  async cut(row: { rowId: string; key: string }, columns: string[]): Promise<void> {
    if (columns.length === 0) return;
    const { mode } = this.#scope;
    const reason = reasonOfNew(mode);
    for (const column of columns) addAsked(this.#asked, reason, column);
    await this.#line({ ...row, groups: [{ reason, mode, columns }], hasOthers: true });
  }

  /** Adds the cells of a row that are due. */
  async row({ key, rowId, cells }: OpenRow): Promise<void> {
    const { kind, mode } = this.#scope;
    const groups = new Map<string, CellGroup>();
    const add = (reason: AskReason, column: string, mode: RunMode): void => {
      const name = `${reason} ${mode}`;
      const group = groups.get(name) ?? { reason, mode, columns: [] };
      groups.set(name, group);
      if (!group.columns.includes(column)) group.columns.push(column);
    };
    let hasOthers = false;
    for (const cell of cells) {
      const reason = rowId === '' ? null : reasonToAsk(kind, cell);
      if (reason !== null && this.#limited.take(cell.column)) {
        const wanted = modeToAsk(kind, mode, cell);
        add(reason, cell.column, wanted);
        addAsked(this.#asked, reason, cell.column);
        const along = kind === 'first' ? (cell.along ?? []) : [];
        for (const column of along) add(reason, column, wanted);
        // Over every row, mode `all` would compute answers that no table scan lists.
        if (wanted === 'all') for (const each of [cell.column, ...along]) this.#apart.add(each);
        continue;
      }
      const root = this.#failedAutomatic(cell);
      if (root !== null && rowId !== '') add('failed', root, mode);
      // What a row holds that cannot be read is not known.
      if (rowId !== '' && !mayCompute(mode, cell)) continue;
      hasOthers = true;
      this.#apart.add(cell.column);
    }
    if (groups.size === 0) return;
    const line = { rowId, key, groups: [...groups.values()] };
    await this.#line(hasOthers ? { ...line, hasOthers } : line);
  }

  /** The failed column of the provider that blocks a cell: a rerun of failed cells is due for it. */
  #failedAutomatic({ blockedBy = '' }: OpenCell): string | null {
    return this.#scope.kind === 'failed' && this.#automatic.has(blockedBy) ? blockedBy : null;
  }

  end(): CellSetEnd {
    const wholeColumns = [...this.#own, ...this.#automatic].filter((key) => !this.#apart.has(key));
    return { asked: this.#asked, wholeColumns };
  }

  #line(line: CellSetLine): Promise<void> {
    return this.#draft.line(JSON.stringify(line));
  }
}
