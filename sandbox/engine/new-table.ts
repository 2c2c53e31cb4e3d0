import { type ColumnConfig, type TableKind, withAutomatic } from './column-config.ts';
import type { JsonObject } from '../json.ts';
import type { TableTerms } from './terms.ts';
import { Table } from './table.ts';
import { iso, wallMs, type SandboxState } from './state.ts';

export interface TableRequest {
  name: string;
  description: string | null;
  tags: string[] | null;
  kind: TableKind;
  configs: readonly ColumnConfig[];
}

/** Creates a table with its automatic columns in front of the requested ones. */
export function newTable(
  state: SandboxState,
  request: TableRequest,
  terms: TableTerms,
  parent: Table | null = null,
): Table {
  const serial = state.tablesMade;
  state.tablesMade += 1;
  const id = state.tableIds.id(serial);
  const atMs = wallMs(state);
  const account = state.ledger.openTable(
    id,
    request.name,
    request.kind,
    request.tags ?? [],
    iso(atMs),
  );
  const table = new Table(state.nonce, serial, id, request.kind, atMs, account, terms, parent);
  table.name = request.name;
  table.description = request.description;
  table.tags = request.tags;
  table.arrange(
    withAutomatic(request.kind, request.configs, terms.peopleColumns).map((one) =>
      table.makeColumn(one, atMs),
    ),
  );
  parent?.children.push(table);
  state.tables.set(id, table);
  return table;
}

/** Appends one row; answers its slot. */
export function newRow(
  state: SandboxState,
  table: Table,
  data: JsonObject,
  metadata: JsonObject | null,
): number {
  table.account.rowsCreated += 1;
  table.updatedAtMs = wallMs(state);
  return table.addRow(data, metadata, wallMs(state));
}
