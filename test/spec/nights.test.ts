import { expect, test } from '@jest/globals';
import { mistakes, withColumns, withLine } from './pipeline-text.ts';

const CHAIN =
  withColumns(`- { kind: agent, key: sector, name: Sector, value: { prompt: "Sector of {company_name}?" } }
- { kind: agent, key: size, name: Size, value: { prompt: "Size of {company_name}?" } }
- { kind: agent, key: pitch, name: Pitch, value: { prompt: "Pitch for {sector}?" } }`);

const SHEET = `name: demo
provider: promptlayer
table:
  keep: true
  columns:
    - { title: Company, type: TEXT }
    - { title: Length, type: COUNT, config: { source: Company, type: words } }
rows: { from: companies.csv }
results: [{ to: out/demo.jsonl }]
`;

const kept = (line: string): string =>
  CHAIN.replace('table:\n', 'table:\n  keep: true\n') + `${line}\n`;

/** `path  found · allowed · suggestion` of each mistake. */
const inFull = (text: string): string[] =>
  mistakes(text).map(
    ({ path, found, allowed, suggestion }) =>
      `${path}  ${found} · ${allowed}${suggestion === null ? '' : ` · ${suggestion}`}`,
  );

test.each([
  [
    '`refresh` without `keep`',
    `${CHAIN}refresh: { columns: { sector: 1d } }\n`,
    'refresh  `refresh`, and each run has a table of its own · `table.keep: true` beside it',
  ],
  [
    '`refresh` with `keep: false`',
    `${CHAIN.replace('table:\n', 'table:\n  keep: false\n')}refresh: { failed: leave }\n`,
    'refresh  `refresh`, and each run has a table of its own · `table.keep: true` beside it',
  ],
  [
    'an unknown column in `refresh`',
    kept('refresh: { columns: { sectr: 1d } }'),
    'refresh.columns.sectr  "sectr" is no computed column of the table · computed columns: sector, size, pitch · sector',
  ],
  [
    'an input column in `refresh`',
    kept('refresh: { columns: { input: 1d } }'),
    'refresh.columns.input  "input" is no computed column of the table · computed columns: sector, size, pitch',
  ],
  [
    'an age that is none',
    kept('refresh: { columns: { sector: daily } }'),
    'refresh.columns.sector  "daily" · a duration like 30s, 15m, 6h, 2d or 1h30m, up to 365d',
  ],
  [
    'another word for `vanished`',
    kept('refresh: { vanished: delete }'),
    'refresh.vanished  "delete" · allowed: keep, mark, drop',
  ],
  [
    '`drop` where rows cannot be deleted',
    `${SHEET}refresh: { vanished: drop }\n`,
    'refresh.vanished  drop, and rows of promptlayer cannot be deleted · keep or mark',
  ],
  [
    'an unknown column in `expect`',
    `${CHAIN}expect: { sectr: { filled: 90% } }\n`,
    'expect.sectr  "sectr" is no column that is computed · columns: sector, size, pitch · sector',
  ],
  [
    'a condition of an unknown column',
    `${CHAIN}when: { sectr: { size: { atLeast: 50 } } }\n`,
    'when.sectr  "sectr" is no column that is computed · columns: sector, size, pitch · sector',
  ],
  [
    'a condition on a later column',
    `${CHAIN}when: { sector: { size: { atLeast: 50 } } }\n`,
    'when.sector.size  "size" comes later in table.columns · a column before "sector"',
  ],
  [
    'a condition on the column itself',
    `${CHAIN}when: { size: { size: { empty: true } } }\n`,
    'when.size.size  "size" waits for itself · another column',
  ],
  [
    'a circle of conditions',
    `${CHAIN}when: { sector: { size: { empty: true } }, size: { sector: { empty: true } } }\n`,
    'when.size  "size" waits for itself, through sector · conditions on columns that do not need it',
  ],
  [
    'a circle of a condition and what a column reads',
    `${CHAIN}when: { sector: { pitch: { empty: true } } }\n`,
    'when.sector  "sector" waits for itself, through pitch · conditions on columns that do not need it',
  ],
  [
    'a canary larger than the list',
    withLine(
      'rows: { from: companies.csv }',
      'rows: { inline: [{ input: a }, { input: b }] }\ncanary: { rows: 3 }',
    ),
    'canary.rows  3 · at most 2, as many as the list has',
  ],
  [
    'a day budget in an unknown zone',
    `${CHAIN}spend: { perDay: { maxCredits: 5, budget: gtm, timezone: Europe/Berln } }\n`,
    'spend.perDay.timezone  "Europe/Berln" · an IANA time zone like Europe/Berlin · Europe/Berlin',
  ],
])('%s is refused', (_, text, mistake) => {
  expect(inFull(text)).toContain(mistake);
});

test('the same keys without a mistake are none', () => {
  const text = kept(
    'refresh: { columns: { sector: 1d }, vanished: drop }\nwhen: { pitch: { sector: { empty: false }, Employees: { atLeast: 5 } } }\nexpect: { size: { filled: 90% } }',
  );
  expect(inFull(text)).toEqual([]);
  expect(inFull(`${SHEET}refresh: { vanished: mark }\n`)).toEqual([]);
});
