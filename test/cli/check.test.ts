import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  COMPANIES,
  pipelineText,
  rowmill,
  workplaceWithPipeline,
  type Workplace,
} from './command.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/companies/pipeline.yaml', import.meta.url));

let place: Workplace;
beforeAll(async () => {
  place = await workplaceWithPipeline();
});
afterAll(() => place.remove());

test('check estimates the example without a token or a server', async () => {
  const { code, stdout, stderr } = await place.command('check', EXAMPLE);
  expect(stderr).toContain(`Next: rowmill run ${EXAMPLE}`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rows +503 from .*companies\.csv$/m);
  expect(stdout).toMatch(/^cells +1,509$/m);
  expect(stdout).toMatch(/^credits +about 1,509; limit 2,000$/m);
  expect(stdout).toMatch(/^profile +paid +.*sector, headquarters/m);
  expect(stdout).toMatch(/^company_name +free +input$/m);
  // A bound that holds for any way of doing it: 11 × 50 rows sent, 6 × 100 read.
  expect(stdout).toMatch(/^API calls +2\d and polls; each rerun of failed cells 8 more$/m);
});

test('the next command does the work that was checked, ready for a shell', async () => {
  await writeFile(join(place.cwd, "today's list.csv"), COMPANIES);
  const args = ['pipeline.yaml', '--rows', "today's list.csv", '--out', 'out/today.csv'];
  const { stderr } = await place.command('check', ...args);
  expect(stderr).toContain(
    `Next: rowmill run pipeline.yaml --rows 'today'\\''s list.csv' --out out/today.csv\n`,
  );
});

test('check names the types of answers, where they are checked', async () => {
  const results = [{ to: 'out/raw.jsonl' }, { to: 'out/typed.csv', types: 'coerce' }];
  const text = pipelineText({ results, types: { sector: 'number' } });
  await writeFile(join(place.cwd, 'types.json'), text);
  const { stdout, code } = await place.command('check', 'types.json');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^types +sector number; coerce at out\/typed\.csv$/m);
  const untyped = await place.command('check', 'pipeline.yaml');
  expect(untyped.stdout).not.toMatch(/^types /m);
});

test('an impossible `types` is refused with the possible ones', async () => {
  const results = [{ to: 'out/raw.jsonl', types: 'strict' }];
  const text = pipelineText({ results, types: { sektor: 'number', sector: 'money' } });
  await writeFile(join(place.cwd, 'types.json'), text);
  const { stderr, code } = await place.command('check', 'types.json');
  expect(code).toBe(2);
  expect(stderr).toMatch(/types\.sektor .*did you mean "sector"/);
  expect(stderr).toMatch(/types\.sector .*"money".*integer/);
  expect(stderr).toMatch(/results\[0\]\.types .*"strict".*coerce/);
});

test('schema prints the type of the rows of a pipeline', async () => {
  const text = pipelineText({ types: { sector: 'number' } });
  await writeFile(join(place.cwd, 'types.json'), text);
  const schema = await place.command('schema', '--results', 'types.json');
  expect(JSON.parse(schema.stdout)).toMatchObject({
    properties: {
      cells: {
        properties: {
          sector: { properties: { value: { anyOf: [{ type: 'number' }, { type: 'null' }] } } },
        },
      },
    },
  });
  const type = await place.command('schema', '--results', 'types.json', '--typescript');
  expect(type.stdout).toMatch(/^ {2}sector: number;$/m);
  expect((await place.command('schema', '--typescript')).code).toBe(2);
});

test('check says at most where columns have conditions', async () => {
  const when = { sector: { Security: { matches: '^3' } } };
  await writeFile(join(place.cwd, 'when.json'), pipelineText({ when }));
  const { stdout, code } = await place.command('check', 'when.json');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^credits +at most 3; no limit$/m);
  expect(stdout).toMatch(/^conditions +on sector: asked for only where they hold$/m);
  const json = await place.command('check', 'when.json', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ credits: 3, isMaximum: true });
});

test('check names a column of a condition that the list lacks', async () => {
  const missing = { sector: { Employes: { atLeast: 5 } } };
  await writeFile(join(place.cwd, 'missing.json'), pipelineText({ when: missing }));
  const refused = await place.command('check', 'missing.json');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/when\.sector\.Employes +.*has no column "Employes"/);
});

test('check shows the canary or refuses it', async () => {
  const write = (name: string, canary: unknown) =>
    writeFile(join(place.cwd, name), pipelineText({ canary }));
  await write('canary.json', { rows: 2 });
  const fine = await place.command('check', 'canary.json');
  expect(fine.stdout).toMatch(/^canary +2 of 3 rows first \(spread\)$/m);
  await write('large.json', { rows: 4 });
  const large = await place.command('check', 'large.json');
  expect(large.code).toBe(2);
  expect(large.stderr).toContain('canary.rows  a canary of 4 rows, and the list has 3 · at most 3');
  await write('keys.json', { pick: ['MMM', 'XYZ'] });
  const keys = await place.command('check', 'keys.json');
  expect(keys.stderr).toContain('canary.pick  no row has the key "XYZ" · keys of the list');
  const flag = await place.command('run', 'canary.json', '--canary', '9');
  expect(flag.stderr).toContain('--canary  a canary of 9 rows, and the list has 3 · at most 3');
  const odd = await place.command('run', 'canary.json', '--canary', 'some');
  expect(odd.stderr).toContain('Give a whole number from 1 to 10000.');
});

test('check shows the expectations and the rules for changes', async () => {
  const changes = { ignore: ['sector'], text: 'normalised' };
  const answers = { sector: { filled: '90%', oneOf: ['Energy', 'Utilities'] } };
  await writeFile(join(place.cwd, 'changes.json'), pipelineText({ changes, expect: answers }));
  const { stdout } = await place.command('check', 'changes.json');
  expect(stdout).toMatch(/^expects +sector filled 90 %, oneOf 2 answers; else hold$/m);
  expect(stdout).toMatch(/^changes +without sector, case, white space and punctuation$/m);
});

test('check --json prints one object with what any Temporal client may send', async () => {
  const { code, stdout } = await place.command('check', 'pipeline.yaml', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    rows: 3,
    cells: 3,
    credits: 3,
    spend: { verdict: 'go' },
    apiCalls: { addRows: 1, pages: 1 },
    workflowInput: {
      pipeline: {
        name: 'cli-test',
        rows: { source: { type: 'file', path: join(place.cwd, 'companies.csv') } },
        results: [{ to: join(place.cwd, 'out', 'results.jsonl'), format: 'jsonl' }],
      },
    },
  });
  expect(stdout).not.toContain('snapshot');
});

test('check of rows from standard input leaves nothing behind', async () => {
  const before = await readdir(place.cwd);
  const stdin = '{"Symbol":"MMM","Security":"3M"}\n{"Symbol":"AOS","Security":"A. O. Smith"}\n';
  const args = ['check', 'pipeline.yaml', '--rows', '-', '--json'];
  const { code, stdout } = await rowmill(args, { ...place, stdin }).ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ rows: 2, credits: 2 });
  expect(await readdir(place.cwd)).toEqual(before);
});

test('check fails at a limit as the run would', async () => {
  await writeFile(join(place.cwd, 'dear.yaml'), pipelineText({ spend: { maxCredits: 2 } }));
  const { code, stdout, stderr } = await place.command('check', 'dear.yaml', '--json');
  expect(code).toBe(4);
  expect(stderr).toContain('error[spend_refused]');
  expect(JSON.parse(stdout)).toMatchObject({ credits: 3, spend: { verdict: 'refuse' } });
  const text = await place.command('check', 'dear.yaml');
  expect([text.code, text.stdout.split(':')[0]]).toEqual([4, 'cli-test would be refused']);
  expect(text.stdout).not.toContain('is fine');
});

test('check counts with the limits of the owner, by their variables', async () => {
  const text = pipelineText({ spend: { creditsPerCell: 0, maxCredits: 10, approveAbove: 9 } });
  await writeFile(join(place.cwd, 'free.yaml'), text);
  const limits = { ROWMILL_MAX_CREDITS_PER_RUN: '4', ROWMILL_CREDITS_PER_CELL: '2' };
  const env = { ...place.env, ...limits };
  const { code, stdout, stderr } = await rowmill(['check', 'free.yaml'], { ...place, env }).ended;
  expect(stdout).toMatch(
    /about 6; limit 4 \(ROWMILL_MAX_\w+\), approval above 9, 2 a cell \(ROWMILL_CREDITS_PER_CELL\)/,
  );
  expect(stderr).toContain('estimated 6 credits, ROWMILL_MAX_CREDITS_PER_RUN of the worker is 4');
  expect(code).toBe(4);
  const bad = { ...place.env, ROWMILL_APPROVE_ABOVE: 'some' };
  expect((await rowmill(['check', 'free.yaml'], { ...place, env: bad }).ended).code).toBe(2);
});

test('text from files cannot play with the terminal', async () => {
  const rows = 'Symbol,Security\n\u001b[2JMMM,3M\nAOS,\n';
  await writeFile(join(place.cwd, 'nasty.csv'), rows);
  const args = ['check', 'pipeline.yaml', '--rows', 'nasty.csv'];
  const { code, stderr } = await place.command(...args);
  expect(code).toBe(2);
  expect(stderr).toContain('error[rows_invalid]');
  expect(stderr).not.toContain('\u001b');
});

test('schema prints labels with control characters as escapes', async () => {
  const label = 'Energy\u202E\u009B';
  const value = {
    agent_type: 'llm',
    prompt: 'Of {input}?',
    output_format: 'select',
    labels: [label],
  };
  const columns = [{ kind: 'agent', key: 'sector', name: 'Sector', value }];
  await writeFile(join(place.cwd, 'odd.json'), pipelineText({ table: { columns } }));
  const { stdout } = await place.command('schema', '--results', 'odd.json');
  expect(JSON.parse(stdout)).toMatchObject({
    properties: {
      cells: {
        properties: { sector: { properties: { value: { anyOf: [{ enum: [label] }, {}] } } } },
      },
    },
  });
  const type = await place.command('schema', '--results', 'odd.json', '--typescript');
  expect(type.stdout).toContain(String.raw`  sector: "Energy\u202e\u009b";`);
});

test('schema prints the JSON Schema of a pipeline', async () => {
  const schema = await place.command('schema');
  expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'rowmill pipeline', type: 'object' });
});

test('completion prints a script for bash', async () => {
  const bash = await place.command('completion', 'bash');
  expect(bash.stdout).toMatch(/complete .* rowmill$/m);
});

test('check counts the later rows of a key as left out', async () => {
  const list = 'Symbol,Security\nMMM,3M\nABT,Abbott\nMMM,Minnesota Mining\n';
  await writeFile(join(place.cwd, 'twice.csv'), list);
  const text = pipelineText({
    rows: { from: 'twice.csv', key: 'Symbol', map: { input: 'Security' }, duplicates: 'first' },
  });
  await writeFile(join(place.cwd, 'twice.yaml'), text);
  const { stdout, stderr, code } = await place.command('check', 'twice.yaml');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rows +2 from twice\.csv$/m);
  expect(stdout).toMatch(/^left out +1 row with a repeated key$/m);
  expect(stderr).toContain(
    '1 of 3 rows repeats the key of a row before and is left out (rows.duplicates), named in the quarantine:\n  line 4: the key "MMM" stands on line 2 already\n',
  );
  const json = await place.command('check', 'twice.yaml', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ rows: 2, repeatedKeys: { rows: 1, of: 3 } });
});

test('check describes how the list is read', async () => {
  const rows = 'Symbol,Security,Owner,\nMMM,3M,Ann,\nAOS,,Bob,\nABT,3M,Cid,\nACN,3m,Dan,\n,,,\n';
  await writeFile(join(place.cwd, 'list.csv'), rows);
  const text = pipelineText({
    rows: { from: 'list.csv', key: 'Symbol', map: { input: 'Security' }, skipBad: '25%' },
  });
  await writeFile(join(place.cwd, 'list.yaml'), text);
  const said = await place.command('check', 'list.yaml');
  expect(said.code).toBe(0);
  expect(said.stdout).toMatch(/^rows +3 from list\.csv$/m);
  expect(said.stdout).toMatch(/^left out +1 bad row$/m);
  expect(said.stdout).toMatch(/^come back +Owner$/m);
  expect(said.stderr).toContain('column 4 of the header has no name: it is ignored');
  expect(said.stderr).toContain('1 row without any content skipped');
  expect(said.stderr).toContain(
    '1 of 4 rows cannot be used and is left out (rows.skipBad), named in the quarantine:\n  line 3: "Security" is empty\n',
  );
  expect(said.stderr).toContain(
    '2 rows ask what a row before them asks (1 but for case, https://, www. or a last slash): about 2 credits',
  );
  const { stdout } = await place.command('check', 'list.yaml', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    rows: 3,
    badRows: { rows: 1, of: 4 },
    repeatedInputs: { exact: 1, alike: 1, credits: 2 },
    keeps: ['Owner'],
  });
});

test('a missing column to keep is reported at its line', async () => {
  const text = `name: kept
provider: extruct
table: ${JSON.stringify((JSON.parse(pipelineText()) as { table: unknown }).table)}
rows:
  from: companies.csv
  key: Symbol
  map: { input: Security }
  keep: [Owner, Symbl]
results: [{ to: out/results.jsonl }]
`;
  await writeFile(join(place.cwd, 'kept.yaml'), text);
  const { code, stderr } = await place.command('check', 'kept.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /kept\.yaml:8:10 {2}rows\.keep\[0\] .*companies\.csv has no column "Owner"/,
  );
  expect(stderr).toMatch(/kept\.yaml:8:17 {2}rows\.keep\[1\].*did you mean "Symbol"\?/);
});

test.each([
  [320, /^$/],
  [
    330,
    /^warning postgres:WAREHOUSE_URL\/wide: PostgreSQL refuses a row above 8 kB: of 335 columns most/,
  ],
])(
  'check warns of a table whose rows may be too large for a page: %d columns',
  async (count, says) => {
    const names = Array.from({ length: count }, (_, at) => `c${at}`).join(',');
    await writeFile(
      join(place.cwd, 'wide.csv'),
      `Symbol,Security,${names}\nMMM,3M${',x'.repeat(count)}\n`,
    );
    const results = [{ postgres: { urlEnv: 'WAREHOUSE_URL', table: 'wide' } }];
    await writeFile(join(place.cwd, 'wide.json'), pipelineText({ results }));
    const { code, stderr } = await place.command('check', 'wide.json', '--rows', 'wide.csv');
    expect(stderr.split('Next:')[0]).toMatch(says);
    expect(code).toBe(0);
  },
);
