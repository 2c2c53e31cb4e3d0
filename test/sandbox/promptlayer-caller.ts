import type { Caller, Reply } from './caller.ts';

const TABLES = '/api/public/v2/tables';

const KEY = { 'x-api-key': 'secret' };

/** A request to PromptLayer's Tables, below their path. */
export const callTables = <T = unknown>(
  caller: Caller,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = KEY,
): Promise<Reply<T>> => caller.call(method, TABLES + path, body, headers);

export interface Sheet {
  path: string;
  texts: string;
  computed: string;
}

/** A sheet with a computed column and so many rows behind the blank one. */
export async function newSheet(caller: Caller, rows: number): Promise<Sheet> {
  const call = <T>(method: string, path: string, body?: unknown): Promise<Reply<T>> =>
    callTables<T>(caller, method, path, body);
  const table = await call<{ table: { id: string } }>('POST', '', { create_default_sheet: false });
  const tablePath = `/${table.body.table.id}/sheets`;
  const made = await call<{ sheet: { id: string } }>('POST', tablePath, {});
  const path = `${tablePath}/${made.body.sheet.id}`;
  const columns = await call<{ data: { id: string }[] }>('GET', `${path}/columns`);
  const texts = columns.body.data[0]?.id ?? '';
  const { body } = await call<{ column: { id: string } }>('POST', `${path}/columns`, {
    title: 'Sector',
    type: 'PROMPT_TEMPLATE',
    dependencies: [{ column_id: texts }],
  });
  const values = Array.from({ length: rows }, (_, n) => ({ [texts]: `R${n + 1}` }));
  if (rows > 0) await call('POST', `${path}/rows`, { count: rows, values });
  return { path, texts, computed: body.column.id };
}
