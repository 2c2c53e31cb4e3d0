import type { ColumnConfig, TableKind } from './configs.ts';
import type { JsonObject } from './json.ts';
import { Table } from './table.ts';
import { withAutomatic } from './system-columns.ts';
import { iso, wallMs, type World } from './world.ts';

export interface TableWish {
  name: string;
  description: string | null;
  tags: string[] | null;
  kind: TableKind;
  configs: readonly ColumnConfig[];
}

/** A table with its automatic columns in front of the wished ones. */
export function newTable(world: World, wish: TableWish, parent: Table | null = null): Table {
  const serial = world.tablesMade;
  world.tablesMade += 1;
  const id = world.tableIds.id(serial);
  const atMs = wallMs(world);
  const account = world.ledger.openTable(id, wish.name, wish.kind, wish.tags ?? [], iso(atMs));
  const table = new Table(world.nonce, serial, id, wish.kind, atMs, account, parent);
  table.name = wish.name;
  table.description = wish.description;
  table.tags = wish.tags;
  table.arrange(
    withAutomatic(wish.kind, wish.configs, world.extruct.peopleColumns).map((one) =>
      table.makeColumn(one, atMs),
    ),
  );
  parent?.children.push(table);
  world.tables.set(id, table);
  return table;
}

/** Appends one row; answers its slot. */
export function newRow(
  world: World,
  table: Table,
  data: JsonObject,
  metadata: JsonObject | null,
): number {
  table.account.rowsCreated += 1;
  table.updatedAtMs = wallMs(world);
  return table.addRow(data, metadata, wallMs(world));
}
