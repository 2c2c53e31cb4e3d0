import { afterEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { configDifference } from '../../src/providers/config-difference.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import { createPromptLayerProvider } from '../../src/providers/promptlayer/provider.ts';
import { failureOf } from '../http/calls.ts';
import { closeServers, json, serve, type Received, type TestServer } from '../http/server.ts';
import { readAll, stageOf } from './sandbox-scene.ts';

const { scene, clear } = stageOf(createExtructProvider);
afterEach(async () => {
  await closeServers();
  await clear();
});

const answering = (...replies: unknown[]): Promise<TestServer> =>
  serve((res, request, nth) => json(replies[nth - 1])(res, request, nth));

const sent = ({ method, url, body }: Received) => ({
  on: `${method} ${url}`,
  body: body === '' ? null : (JSON.parse(body) as Json),
});

const column = (id: string, key: string, input: boolean) => ({
  id,
  key,
  name: key,
  input,
  ours: key !== 'rowmill key',
  dependsOn: [],
});

describe('extruct', () => {
  const columns = [
    { kind: 'input', key: 'hint', name: 'Hint' },
    { kind: 'agent', key: 'sector', name: 'Sector', value: { prompt: 'Of {input}?' } },
  ];
  const spec: TableSpec = { tags: [], columns };
  const table: TableRef = {
    id: 't/1',
    url: null,
    columns: [column('i', 'input', true), column('h', 'hint', true), column('s', 'sector', false)],
  };
  const facing = async (...replies: unknown[]) => {
    const server = await answering(...replies);
    const provider = createExtructProvider({ baseUrl: server.url, token: 'a-token' });
    return { provider, server };
  };
  const { updateRows, compareColumns, updateColumn, deleteColumn } = createExtructProvider({
    baseUrl: 'https://api.extruct.ai',
    token: 'a-token',
  });

  test('it can change rows and columns', () => {
    for (const method of [updateRows, compareColumns, updateColumn, deleteColumn]) {
      expect(method).not.toBeNull();
    }
  });

  test('an update of a row carries its key and all inputs', async () => {
    const { provider, server } = await facing([]);
    const cells = { hint: { value: 'old' }, input: { value: 'x' } };
    await provider.updateRows?.(
      table,
      [
        { id: 'r1', key: 'A', input: { input: '3M', hint: 'new' }, cells },
        { id: 'r2', key: 'B', input: { input: 'Aflac' }, cells },
      ],
      {},
    );
    expect(server.received.map(sent)).toEqual([
      {
        on: 'PATCH /v1/tables/t%2F1/rows',
        body: {
          rows: [
            { id: 'r1', data: { input: '3M', hint: 'new' }, metadata: { rowmill_key: 'A' } },
            { id: 'r2', data: { input: 'Aflac', hint: null }, metadata: { rowmill_key: 'B' } },
          ],
          run: false,
        },
      },
    ]);
  });

  test('fifty rows at once', async () => {
    const { provider, server } = await facing([], [], []);
    const rows = Array.from({ length: 101 }, (_, nth) => ({
      id: `r${nth}`,
      key: `K${nth}`,
      input: { input: 'x' },
      cells: {},
    }));
    await provider.updateRows?.(table, rows, {});
    const sizes = server.received.map(({ body }) => (JSON.parse(body) as { rows: [] }).rows.length);
    expect(sizes).toEqual([50, 50, 1]);
  });

  test.each<[string, Json, Json]>([
    ['a cell', { value: '3M', status: 'done', updated_at: null }, '3M'],
    ['plain', '3M', '3M'],
    ['an object of its own', { a: 1 }, { a: 1 }],
    ['empty', { value: null, status: 'created' }, null],
  ])('an input is read as %s', async (_how, input, value) => {
    const { provider } = await facing({ rows: [{ id: 'r', data: { input } }] });
    const { rows } = await provider.page(table, null, {}, 100, true);
    expect(rows[0]?.inputs).toEqual({ input: { value }, hint: { value: null } });
  });

  test('settings that the file leaves out are not compared', async () => {
    const wire = (id: string, config: object) => ({ id, config });
    const { provider } = await facing({
      id: 't',
      columns: [
        wire('i', { kind: 'input', key: 'input', name: 'Company' }),
        wire('p', { kind: 'company_profile', key: 'company_profile', name: 'Company Profile' }),
        wire('h', { kind: 'agent', key: 'hint', name: 'Hint', value: {} }),
        wire('s', {
          kind: 'agent',
          key: 'sector',
          name: 'Sector',
          value: { prompt: 'Edited', agent_type: 'research_pro', labels: null },
        }),
        wire('m', { kind: 'agent', key: 'mine', name: 'Mine', value: {} }),
      ],
    });
    expect(await provider.compareColumns?.(table, spec, {})).toEqual({
      missing: [],
      changed: [
        { id: 'h', key: 'hint', fields: ['kind'], replace: true },
        { id: 's', key: 'sector', fields: ['value.prompt'], replace: false },
      ],
      others: [{ id: 'm', key: 'mine', input: false }],
    });
  });

  test('a column is replaced by its whole config', async () => {
    const { provider, server } = await facing({}, {});
    await provider.updateColumn?.(table, 's', columns[1] ?? {}, {});
    await provider.deleteColumn?.(table, 's', {});
    expect(server.received.map(sent)).toEqual([
      { on: 'PATCH /v1/tables/t%2F1/columns/s', body: columns[1] },
      { on: 'DELETE /v1/tables/t%2F1/columns/s', body: null },
    ]);
  });

  test.each(['merged', 'replaced'] as const)(
    'a row keeps its key and its other inputs where a change is %s',
    async (rowChanges) => {
      const { provider } = await scene({ extruct: { rowChanges } });
      const made = await provider.createTable(spec, 'A table', 'tag', {});
      const input = { input: '3M', hint: 'old' };
      const [id = ''] = await provider.addRows(made, [{ key: 'MMM', input }], {});
      const next = { input: '3M', hint: 'new' };
      const update = { id, key: 'MMM', input: next, cells: { hint: { value: 'old' } } };
      await provider.updateRows?.(made, [update], {});
      expect((await readAll(provider, made)).map(({ key }) => key)).toEqual(['MMM']);
      const { rows } = await provider.page(made, null, {}, 100, true);
      expect(rows[0]?.inputs).toEqual({ input: { value: '3M' }, hint: { value: 'new' } });
    },
  );
});

describe('promptlayer', () => {
  const SHEET = '/api/public/v2/tables/t/sheets/s';
  const table: TableRef = {
    id: 't',
    url: null,
    sheetId: 's',
    columns: [
      column('k', 'rowmill key', true),
      column('n', 'Staff', true),
      column('c', 'Sector', false),
    ],
  };
  const spec: TableSpec = {
    tags: [],
    columns: [
      { title: 'Staff', type: 'TEXT' },
      {
        title: 'Sector',
        type: 'llm',
        config: { prompt_template_variable_mappings: { word: 'Staff' } },
      },
    ],
  };
  const facing = async (...replies: unknown[]) => {
    const server = await answering(...replies);
    const provider = createPromptLayerProvider({ baseUrl: server.url, token: 'a-key' });
    return { provider, server };
  };
  const shown = (...columns: object[]) => ({ data: [], row_count: 0, columns });

  test('each changed cell is edited by its own id, as text', async () => {
    const { provider, server } = await facing({ success: true }, { success: true });
    const cells = { Staff: { value: '1', id: 'cell 1' } };
    await provider.updateRows?.(table, [{ id: '0', key: 'A', input: { Staff: 12 }, cells }], {});
    await provider.updateRows?.(table, [{ id: '0', key: 'A', input: {}, cells }], {});
    expect(server.received.map(sent)).toEqual(
      ['12', ''].map((text) => ({
        on: `PATCH ${SHEET}/cells/cell%201`,
        body: { value: text, display_value: text },
      })),
    );
  });

  test('a cell without an id cannot be edited', async () => {
    const { provider } = await facing();
    const row = { id: '0', key: 'A', input: { Staff: 12 }, cells: { Staff: { value: null } } };
    const error = await failureOf(provider.updateRows?.(table, [row], {}) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'reply_unreadable', ambiguous: false });
  });

  test('inputs come with the ids of their cells, without the key', async () => {
    const { provider } = await facing({
      data: [{ row_index: 0, cells: { k: { id: 'x', value: 'A' }, n: { id: 'y', value: '12' } } }],
      row_count: 1,
    });
    const { rows } = await provider.page(table, null, {}, 100, true);
    expect(rows[0]).toMatchObject({ key: 'A', inputs: { Staff: { value: '12', id: 'y' } } });
    expect(Object.keys(rows[0]?.inputs ?? {})).toEqual(['Staff']);
  });

  test('columns are compared by title, type and config', async () => {
    const { provider } = await facing(
      shown(
        { id: 'k', title: 'rowmill key', type: 'TEXT', config: {} },
        { id: 'n', title: 'Staff', type: 'text', config: null },
        {
          id: 'c',
          title: 'Sector',
          type: 'PROMPT_TEMPLATE',
          config: { prompt_template_variable_mappings: { word: 'Other' }, engine: null },
        },
        { id: 'm', title: 'Mine', type: 'ENDPOINT' },
      ),
      shown({ id: 'c', title: 'Sector', type: 'ENDPOINT' }),
    );
    expect(await provider.compareColumns?.(table, spec, {})).toEqual({
      missing: [],
      changed: [
        {
          id: 'c',
          key: 'Sector',
          fields: ['config.prompt_template_variable_mappings.word'],
          replace: false,
        },
      ],
      others: [{ id: 'm', key: 'Mine', input: false }],
    });
    expect(await provider.compareColumns?.(table, spec, {})).toMatchObject({
      missing: ['Staff', 'rowmill key'],
      changed: [{ fields: ['type'], replace: true }],
    });
  });

  test('a column is changed with the ids of those that it reads', async () => {
    const { provider, server } = await facing(
      shown({ id: 'n', title: 'Staff', type: 'TEXT' }, { id: 'c', title: 'Sector', type: 'llm' }),
      {},
      {},
    );
    await provider.updateColumn?.(table, 'c', spec.columns[1] ?? {}, {});
    await provider.deleteColumn?.(table, 'c', {});
    expect(server.received.slice(1).map(sent)).toEqual([
      {
        on: `PATCH ${SHEET}/columns/c`,
        body: {
          config: { prompt_template_variable_mappings: { word: 'Staff' } },
          dependencies: [
            {
              column_id: 'n',
              reference_type: 'value',
              config_key: 'prompt_template_variable_mappings',
              config_meta: { variable_name: 'word' },
            },
          ],
        },
      },
      { on: `DELETE ${SHEET}/columns/c`, body: null },
    ]);
  });
});

test.each<[Json, Json, string[]]>([
  [{ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 2], d: 5 }, e: 6 }, []],
  [{ a: 1, b: { c: [1, 2] } }, { a: '1', b: { c: [1] } }, ['a', 'b.c']],
  [{ a: null }, {}, []],
  [{ a: { b: 1 } }, { a: null }, ['a.b']],
  [{ a: { b: null } }, {}, []],
])('the difference of %j and %j', (wanted, there, fields) => {
  expect(configDifference(wanted, there)).toEqual(fields);
});
