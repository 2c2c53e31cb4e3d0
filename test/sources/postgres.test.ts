import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSource } from '../../src/sources/source.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { outcomeOf } from './rows-file.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await server.query(`
    CREATE SCHEMA crm;
    CREATE TABLE crm.companies (id int PRIMARY KEY, name text, size bigint, public boolean, tags text[], facts json);
    INSERT INTO crm.companies VALUES
      (1, 'A, "B"' || E'\\n' || 'ü😀', 9007199254740993, true, ARRAY['x','y'], E'{"a":\\n 1.50}'),
      (2, NULL, 5, false, NULL, NULL);
    CREATE TABLE crm.many AS SELECT n AS id, 'Company ' || n AS name FROM generate_series(1, 1234) AS n;
    CREATE ROLE reader LOGIN`);
}, 120_000);
afterAll(() => server.close());

async function rowsOf(query: string, env: Record<string, string> = { CRM_URL: server.url() }) {
  const rows: Record<string, unknown>[] = [];
  const source = { type: 'postgres', urlEnv: 'CRM_URL', query } as const;
  for await (const { values } of openSource(source, { env })) rows.push(values);
  return rows;
}

test('the rows of a query keep every value', async () => {
  const rows = await rowsOf('SELECT * FROM crm.companies ORDER BY id; ');
  expect(rows).toMatchObject([
    { id: 1, name: 'A, "B"\nü😀', public: true, tags: ['x', 'y'], facts: { a: 1.5 } },
    { id: 2, name: null, size: 5, public: false, tags: null, facts: null },
  ]);
  expect(rows[0]?.['size']).toEqual(expect.stringContaining('9007199254740993'));
  expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'name', 'size', 'public', 'tags', 'facts']);
});

test('a long answer is read in pieces, in the order of the query', async () => {
  const rows = await rowsOf('SELECT id, name FROM crm.many ORDER BY id DESC -- newest first');
  expect(rows).toHaveLength(1234);
  expect(rows[0]).toEqual({ id: 1234, name: 'Company 1234' });
  expect(rows.at(-1)).toEqual({ id: 1, name: 'Company 1' });
});

test.each([
  ['deletes', 'DELETE FROM crm.many RETURNING *'],
  [
    'ends the transaction',
    'SELECT 1) AS t; COMMIT; DELETE FROM crm.many; SELECT row_to_json(t) FROM (SELECT 1',
  ],
  ['deletes by a function', 'SELECT crm.forget() AS id'],
])('a query that %s changes nothing', async (_, query) => {
  await server.query(
    'CREATE OR REPLACE FUNCTION crm.forget() RETURNS int LANGUAGE sql AS $$ DELETE FROM crm.many RETURNING 1 $$',
  );
  expect(await outcomeOf(rowsOf(query))).toMatch(/^source_not_found: /);
  expect(await server.query('SELECT count(*)::int AS n FROM crm.many')).toEqual([{ n: 1234 }]);
});

test('a missing privilege, table, variable or server is named, without the address', async () => {
  const query = 'SELECT * FROM crm.many';
  const found = [
    await outcomeOf(rowsOf(query, { CRM_URL: server.url('reader') })),
    await outcomeOf(rowsOf('SELECT * FROM crm.none')),
    await outcomeOf(rowsOf(query, {})),
    await outcomeOf(rowsOf(query, { CRM_URL: 'https://secret-word.example' })),
    await outcomeOf(rowsOf(query, { CRM_URL: 'postgres://u:secret-word@127.0.0.1:1/x' })),
  ];
  expect(found).toEqual([
    expect.stringMatching(/^source_not_found: .*permission denied for schema crm/),
    expect.stringMatching(/^source_not_found: .*relation "crm.none" does not exist/),
    expect.stringMatching(/^source_not_found: .*CRM_URL is not set here/),
    expect.stringMatching(/^source_not_found: .*CRM_URL has no address of PostgreSQL/),
    expect.stringMatching(/^source_unreachable: .*does not answer \(ECONNREFUSED\)/),
  ]);
  expect(found.join()).not.toContain('secret-word');
});
