import { CREATED, DONE, FAILED, IN_PROGRESS } from './cells.ts';
import { dependencies } from './dependencies.ts';
import { wallMs, type SandboxState } from './state.ts';
import type { Column, Table } from './table.ts';
import { answerOf, valueOf } from '../oracle/expected.ts';

/** Returns the column and all that read it, directly or through others. */
export const withReaders = (column: Column): Column[] => collect([column]);

/** Returns the computed columns that read one of these columns, directly or through others. */
export const readersOf = ({ kind, computed }: Table, keys: ReadonlySet<string>): Column[] =>
  collect(computed.filter(({ config }) => dependencies(kind, config).some((key) => keys.has(key))));

function collect(columns: readonly Column[]): Column[] {
  const found = new Set(columns);
  // The loop adds to the set it iterates over.
  for (const column of found) for (const reader of column.downstream) found.add(reader);
  return [...found];
}

/**
 * Writes down answers, which follow from row and config, before those change. Cells in progress end
 * with the answer of the row and the config that they began with.
 */
export function freezeCell(state: SandboxState, table: Table, column: Column, slot: number): void {
  const { cells, config } = column;
  const data = table.data[slot];
  if (data === undefined || data === null) return;
  const kept = { [DONE]: cells.frozen, [IN_PROGRESS]: cells.overtaken }[cells.statusAt(slot)];
  if (kept === undefined || kept.has(slot)) return;
  const setting = { kind: table.kind, data, columns: table.configs };
  const asShown = table.ofSheet ? answerOf : valueOf;
  kept.set(slot, asShown(state.oracle, setting, config));
}

/** Marks answers that follow from an earlier row or config: to ask for them again is no waste. */
export function outdate(columns: readonly Column[], slots: readonly number[]): void {
  for (const { cells } of columns) {
    for (const slot of slots) {
      const status = cells.statusAt(slot);
      if (status === DONE || status === IN_PROGRESS) cells.outdated.add(slot);
    }
  }
}

/** Resets cells that are done or failed, as if never requested; returns their number. */
export function resetCells(
  state: SandboxState,
  table: Table,
  columns: readonly Column[],
  slots: readonly number[],
): number {
  let reset = 0;
  for (const column of columns) {
    for (const slot of slots) {
      const status = column.cells.statusAt(slot);
      if (status !== DONE && status !== FAILED) continue;
      table.move(column, slot, CREATED, wallMs(state));
      reset += 1;
    }
  }
  return reset;
}
