import type { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { LIST_LIMIT, type listQuery } from './requests.ts';
import type { Table } from '../engine/table.ts';
import { wallMs, type SandboxState } from '../engine/state.ts';

export interface Listing {
  tables: Table[];
  headers: Record<string, string>;
}

/** Lists root tables only; child tables are found through their parent. */
export function listTables(state: SandboxState, query: z.output<typeof listQuery>): Listing {
  const { offset, limit } = query;
  const { extruct } = state;
  if (limit > LIST_LIMIT) throw new Problem(400, `limit must be at most ${LIST_LIMIT}`);
  const search = query.search?.toLowerCase() ?? '';
  const found = [...state.tables.values()].filter(
    (table) =>
      table.parent === null &&
      !table.ofSheet &&
      (query.kind === undefined || table.kind === query.kind) &&
      table.name.toLowerCase().includes(search) &&
      wallMs(state) >= table.createdAtMs + extruct.listedAfterMs &&
      (extruct.tagFilter === 'ignored' || hasAnyTag(table, query.tags ?? [])),
  );
  const descending = query.sort.startsWith('-');
  const compare = ORDER[query.sort.replace('-', '')] ?? bySerial;
  found.sort((a, b) => (descending ? compare(b, a) : compare(a, b)) || bySerial(a, b));
  const headers = {
    'x-extruct-pagination-total': String(found.length),
    'x-extruct-pagination-total-pages': String(Math.ceil(found.length / limit)),
    'x-extruct-pagination-limit': String(limit),
    'x-extruct-pagination-offset': String(offset),
    'x-extruct-pagination-page': String(Math.floor(offset / limit) + 1),
  };
  return { tables: found.slice(offset, offset + limit), headers };
}

/** Several tags find what carries any of them. */
const hasAnyTag = ({ tags }: Table, wanted: readonly string[]): boolean =>
  wanted.length === 0 || wanted.some((tag) => tags?.includes(tag) === true);

const bySerial = (a: Table, b: Table): number => a.serial - b.serial;

const ORDER: Record<string, (a: Table, b: Table) => number> = {
  created_at: bySerial,
  name: (a, b) => a.name.localeCompare(b.name, 'en'),
  num_rows: (a, b) => a.live.length - b.live.length,
};
