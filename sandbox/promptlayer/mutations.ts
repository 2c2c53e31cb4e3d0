import { recalculateCells, updateCell } from './sheet-cells.ts';
import { cancelOperation, startOperation } from './operations.ts';
import { createColumn, dropColumn, updateColumn } from './sheet-columns.ts';
import { appendRows, dropRows } from './sheet-rows.ts';
import { createBook, createSheet, deleteBook } from './sheets.ts';

export const promptLayerMutations = {
  createBook,
  deleteBook,
  createSheet,
  createColumn,
  updateColumn,
  dropColumn,
  updateCell,
  recalculateCells,
  appendRows,
  dropRows,
  startOperation,
  cancelOperation,
} as const;
