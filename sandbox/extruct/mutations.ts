import { createColumns, deleteColumn, replaceColumn } from './columns.ts';
import { createRows, deleteRows, writeRows } from './rows.ts';
import { startRun } from './runs.ts';
import { changeTable, cloneTable, createTable, deleteTable } from './tables.ts';

export const extructMutations = {
  createTable,
  changeTable,
  deleteTable,
  cloneTable,
  createRows,
  writeRows,
  deleteRows,
  createColumns,
  replaceColumn,
  deleteColumn,
  startRun,
} as const;
