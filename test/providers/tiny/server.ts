import type { Json } from '../../../src/contract/json.ts';
import { serve } from '../../http/server.ts';

interface Cell {
  status: 'new' | 'busy' | 'done' | 'failed';
  tries: number;
  endsAtMs: number;
}

interface Table {
  id: string;
  tag: string;
  at: string;
  columns: { id: string; reads: string | null }[];
  rows: { id: string; key: string; data: Json; cells: Record<string, Cell> }[];
}

interface Body {
  tag: string;
  columns: Table['columns'];
  rows: { id?: string; key: string; data: Json }[];
  mode: 'new' | 'failed' | 'all';
  only: { columns: string[]; rows: string[] | null };
  ids: string[];
}

const CELL_MS = 50;
const PAGE = 100;

/** An AI-table API that fits on a page: all in memory, one answer for every cell. */
export async function serveTiny({ firstTryFails = false } = {}) {
  const tables = new Map<string, Table>();
  let serial = 0;
  let turnedMs = 0;
  const nowMs = (): number => performance.now() + turnedMs;
  const id = (): string => `t${(serial += 1)}`;
  const cellsOf = ({ rows }: Table): Cell[] => rows.flatMap(({ cells }) => Object.values(cells));

  /** Ends what is in progress, in the order of the columns: one waits for the other. */
  const settle = ({ rows, columns }: Table): void => {
    for (const { cells } of rows) {
      for (const { id: column, reads } of columns) {
        const cell = cells[column];
        if (cell?.status !== 'busy' || cell.endsAtMs > nowMs()) continue;
        if (reads !== null && cells[reads]?.status === 'busy') continue;
        const waitsInVain = reads !== null && cells[reads]?.status !== 'done';
        const fails = firstTryFails && cell.tries === 1;
        cell.status = waitsInVain ? 'new' : fails ? 'failed' : 'done';
      }
    }
  };

  const run = (table: Table, { mode, only }: Body): number => {
    const wanted = { new: ['new'], failed: ['failed'], all: ['new', 'failed', 'done'] }[mode];
    let asked = 0;
    for (const row of table.rows.filter((each) => only.rows?.includes(each.id) ?? true)) {
      for (const column of only.columns) {
        const cell = row.cells[column];
        if (cell === undefined || !wanted.includes(cell.status)) continue;
        row.cells[column] = { status: 'busy', tries: cell.tries + 1, endsAtMs: nowMs() + CELL_MS };
        asked += 1;
      }
    }
    return asked;
  };

  const create = (body: Body): Table => {
    const table = { id: id(), tag: body.tag, at: new Date().toISOString(), columns: [], rows: [] };
    tables.set(table.id, table);
    return table;
  };

  const addRows = (table: Table, rows: Body['rows']): string[] =>
    rows.map(({ key, data }) => {
      const fresh = (): Cell => ({ status: 'new', tries: 0, endsAtMs: 0 });
      const cells = Object.fromEntries(table.columns.map((column) => [column.id, fresh()]));
      const row = { id: id(), key, data, cells };
      table.rows.push(row);
      return row.id;
    });

  const pageOf = ({ rows, columns }: Table, from: number, most: number) => ({
    rows: rows.slice(from, from + most).map((row) => ({
      id: row.id,
      key: row.key,
      data: row.data,
      cells: columns.map(({ id: column }) => {
        const status = row.cells[column]?.status ?? 'new';
        return { status, value: status === 'done' ? `${column} of ${row.key}` : null };
      }),
    })),
    next: from + most < rows.length ? String(from + most) : null,
    total: rows.length,
  });

  const onTable = (what: string, table: Table, body: Body, query: URLSearchParams): unknown => {
    switch (what) {
      case 'GET ':
        return { id: table.id, columns: table.columns, rows: table.rows.length, ...counts(table) };
      case 'POST columns':
        table.columns.push(...body.columns);
        return {};
      case 'POST rows':
        return { ids: addRows(table, body.rows) };
      case 'POST updates':
        for (const { id: rowId, data } of body.rows) {
          const row = table.rows.find((one) => one.id === rowId);
          if (row !== undefined) row.data = data;
        }
        return {};
      case 'POST deletions':
        table.rows = table.rows.filter((row) => !body.ids.includes(row.id));
        return {};
      case 'POST runs':
        return { id: id(), asked: run(table, body) };
      case 'GET rows':
        return pageOf(table, Number(query.get('from') ?? 0), Number(query.get('most') ?? PAGE));
      case 'DELETE ':
        return { gone: tables.delete(table.id) };
      default:
        return null;
    }
  };

  const counts = (table: Table) => {
    const cells = cellsOf(table);
    const count = (status: Cell['status']) => cells.filter((one) => one.status === status).length;
    return {
      cells: cells.length,
      done: count('done'),
      busy: count('busy'),
      failed: count('failed'),
    };
  };

  const answer = (method: string, url: URL, body: Body): unknown => {
    const [, first, tableId, what = ''] = url.pathname.split('/');
    if (first === 'me') return { name: 'Tiny & Co' };
    if (tableId === undefined) {
      if (method === 'POST') return { id: create(body).id };
      const found = [...tables.values()].filter(({ tag }) => tag === url.searchParams.get('tag'));
      return found.map((table) => ({ id: table.id, at: table.at, rows: table.rows.length }));
    }
    const table = tables.get(tableId);
    if (table === undefined) return null;
    settle(table);
    return onTable(`${method} ${what}`, table, body, url.searchParams);
  };

  const server = await serve((res, { method, url, body }) => {
    // Sent by the provider beside this file.
    const sent = JSON.parse(body === '' ? '{}' : body) as Body;
    const found = answer(method, new URL(url, 'http://tiny'), sent);
    res.writeHead(found === null ? 404 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(found ?? { detail: 'not found' }));
  });
  return { ...server, passMs: (ms: number) => void (turnedMs += ms) };
}
