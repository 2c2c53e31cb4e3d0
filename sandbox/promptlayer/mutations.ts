import { cancelOperation, startOperation } from './operations.ts';
import { createColumn, renameColumn } from './sheet-columns.ts';
import { appendRows, dropRows } from './sheet-rows.ts';
import { createBook, createSheet, deleteBook } from './sheets.ts';

export const promptLayerMutations = {
  createBook,
  deleteBook,
  createSheet,
  createColumn,
  renameColumn,
  appendRows,
  dropRows,
  startOperation,
  cancelOperation,
} as const;
