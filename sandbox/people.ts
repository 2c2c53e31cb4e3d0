import { newRow, newTable } from './new-table.ts';
import type { Column, Table } from './table.ts';
import { answerOf } from './truth.ts';
import type { World } from './world.ts';

/**
 * A finder cell that is done puts the people it found into the child table, which is made with
 * the first of them. Found again on the same row, nobody is added twice (unknown of the API).
 */
export function addFoundPeople(world: World, table: Table, column: Column, slot: number): void {
  const data = table.data[slot];
  if (column.config.kind !== 'company_people_finder' || data === undefined || data === null) return;
  const setting = { kind: table.kind, data, columns: table.configs };
  const found = answerOf(world.oracle, setting, column.config);
  const child = table.children.find((one) => !one.removed) ?? childOf(world, table);
  const known = new Set(
    child.live
      .filter((other) => child.parentSlots.get(other) === slot)
      .map((other) => child.data[other]?.['profile_url']),
  );
  for (const person of Array.isArray(found) ? found : []) {
    if (typeof person !== 'object' || person === null || Array.isArray(person)) continue;
    if (known.has(person['profile_url'])) continue;
    child.parentSlots.set(newRow(world, child, person, null), slot);
  }
}

const childOf = (world: World, table: Table): Table =>
  newTable(
    world,
    {
      name: `${table.name} people`,
      description: null,
      tags: table.tags,
      kind: 'people',
      configs: [],
    },
    table,
  );
