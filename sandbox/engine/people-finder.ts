import { DONE } from './cells.ts';
import type { JsonObject } from '../json.ts';
import { newRow, newTable } from './new-table.ts';
import type { Column, Table } from './table.ts';
import { answerOf } from '../oracle/expected.ts';
import { wallMs, type SandboxState } from './state.ts';

/**
 * Adds the persons found by a finder cell to the child table, which is created with the first. A
 * repeat on the same row adds no duplicates (unknown of the API).
 */
export function addFoundPeople(
  state: SandboxState,
  table: Table,
  column: Column,
  slot: number,
): void {
  const data = table.data[slot];
  if (column.config.kind !== 'company_people_finder' || data === undefined || data === null) return;
  const setting = { kind: table.kind, data, columns: table.configs };
  const found = answerOf(state.oracle, setting, column.config);
  const child = table.children.find((one) => !one.removed) ?? childOf(state, table);
  const known = new Set(
    child.live
      .filter((other) => child.parentSlots.get(other) === slot)
      .map((other) => child.data[other]?.['input']),
  );
  for (const person of Array.isArray(found) ? found : []) {
    if (typeof person !== 'object' || person === null || Array.isArray(person)) continue;
    if (known.has(wordOf(person))) continue;
    const at = newRow(state, child, { input: wordOf(person) }, null);
    child.parentSlots.set(at, slot);
    fill(state, child, at, person);
  }
}

/** Formats a person as in a row that a client sends. */
const wordOf = ({ full_name, role, profile_url }: JsonObject): string =>
  [full_name, role, profile_url].filter((part) => typeof part === 'string').join(', ');

/** Fills the cells that the finder knows, so that no agent has to. */
function fill(state: SandboxState, child: Table, slot: number, person: JsonObject): void {
  for (const column of child.computed) {
    const answer = person[column.config.key];
    if (answer === undefined) continue;
    child.move(column, slot, DONE, wallMs(state));
    column.cells.frozen.set(slot, { answer, explanation: 'Found with the person.', sources: [] });
  }
}

const childOf = (state: SandboxState, table: Table): Table =>
  newTable(
    state,
    {
      name: `${table.name} people`,
      description: null,
      tags: table.tags,
      kind: 'people',
      configs: [],
    },
    table.terms,
    table,
  );
