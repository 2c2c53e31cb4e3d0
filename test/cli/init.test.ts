import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { parse } from 'yaml';
import type { Cli } from '../../src/cli/io/context.ts';
import { runCli } from '../../src/cli/program.ts';
import type { PipelineDocument } from '../../src/spec/index.ts';
import { PROVIDER_NAMES } from '../../src/providers/catalog.ts';
import { packageRoot } from '../../src/process/package-root.ts';
import { LISTS } from '../sources/lists.ts';
import { rowmill } from './command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-init-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process. With answers, it is at a terminal that types them. */
async function say(args: string[], answers?: string[]): Promise<Said> {
  const said = { code: 0, stdout: '', stderr: '' };
  const isTTY = answers !== undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const typed = [...(answers ?? [])];
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    // A question ends in its proposal.
    if (/\] (?:\u001b\[\d+G)?$/.test(text)) {
      const next = typed.shift();
      if (next === undefined) stdin.end();
      else stdin.write(`${next}\n`);
    }
  });
  const cli = {
    env: { ROWMILL_STORE: join(folder, 'store') },
    stdin,
    stdout: new PassThrough(),
    stderr,
    print: (text: string) => void (said.stdout += `${text}\n`),
    json: (value: unknown) => void (said.stdout += JSON.stringify(value)),
    log: (text: string) => void (said.stderr += `${text}\n`),
    style: (_: unknown, text: string) => text,
    exitWith: (code: number) => void (said.code = code),
    // Safe cast: the commands under test use no more of the streams.
  } as unknown as Cli;
  said.code = await runCli(args, cli);
  return said;
}

const namesOf = ({ columns }: PipelineDocument['table']): unknown[] =>
  columns.map((column) =>
    typeof column === 'object' && column !== null && 'name' in column ? column.name : null,
  );

let count = 0;

async function listFile(text: string | Uint8Array, ending = 'csv'): Promise<string> {
  count += 1;
  const path = join(folder, `list-${count}.${ending}`);
  await writeFile(path, text);
  return path;
}

async function written(list: string, ...flags: string[]): Promise<PipelineDocument> {
  const to = `${list}.yaml`;
  const { code, stderr } = await say(['init', list, '--to', to, ...flags]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('Next: rowmill check')]);
  // Safe cast: `check` reads it as well.
  return parse(await readFile(to, 'utf8')) as PipelineDocument;
}

const CASES: [string, string, string?][] = [
  ['unnamed columns', 'id,site,,,\n1,acme.com,,,\n2,b.com,,,\n'],
  ['a repeated unused column', 'id,site,Total,Total\n1,acme.com,2,3\n'],
  ['blank rows', 'id,site,x\n1,acme.com,1\n,,\n,,\n ,,\n'],
  ['a quote in a field', 'id,site,size\n0,acme0.com,0" pipe\n1,acme1.com,1" pipe\n'],
  ['inputs that cannot be seen', 'id,site\n1,\u200B\n2,\u00AD\n3,\uFEFF\n'],
  ['a header with an invisible character', 'id\u200B,site\n1,acme.com\n'],
  ['repeated inputs', 'id,site\n1,acme.com\n2,acme.com\n3,www.acme.com\n'],
  ['one bad line of JSON', '{"id":1,"site":"a.com"}\n{"id":2,"site":NaN}\n', 'jsonl'],
  ['JSON rows that lack fields', '[{"id":1,"name":"A"},{"id":2},{"id":3,"name":"C"}]', 'json'],
  [
    'repeated keys and empty inputs',
    'company,website\nAcme,acme.example\nBravo,\nCharlie,c.example\nAcme,a.example\n',
  ],
  ['keys like formulas', 'id,site\nk1,a.example\n+49 170 1,b.example\n=x,c.example\n'],
  ['names that YAML reads otherwise', 'no,"yes: {a}, #b"\n1,true\n2,null\n'],
  ['a name that YAML merges by', '<<,=\na,Acme\nb,Bravo\n'],
  ['columns of an object', '__proto__,constructor\n1,Acme\n2,Bravo\n'],
  ['a column that is called like the key of rowmill', 'rowmill_key,company_name\n1,Acme\n2,B\n'],
  ['headers in other scripts', '会社,サイト\nあ,a.example\nい,b.example\n'],
];

const READABLE: [string, string | Uint8Array, string][] = [
  ...CASES.map(([name, text, ending = 'csv']): [string, string, string] => [name, text, ending]),
  ...Object.entries(LISTS).flatMap(
    ([name, { text, format = 'csv', expected }]): [string, string | Uint8Array, string][] =>
      expected instanceof RegExp ? [] : [[name, text, format]],
  ),
];

test.each(
  PROVIDER_NAMES.flatMap((provider) => READABLE.map((list) => [provider, ...list] as const)),
)('what init writes for %s passes check: %s', async (provider, _, text, ending) => {
  const list = await listFile(text, ending);
  await written(list, '--provider', provider);
  const { code, stdout } = await say(['check', `${list}.yaml`]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('is fine')]);
});

const refused = Object.entries(LISTS).filter(([, { expected }]) => expected instanceof RegExp);

test.each(refused)('init writes only a file that passes check: %s', async (_, list) => {
  const path = await listFile(list.text, list.format ?? 'csv');
  const to = `${path}.yaml`;
  const { code, stderr } = await say(['init', path, '--to', to]);
  if (code === 0) expect((await say(['check', to])).code).toBe(0);
  else {
    expect(stderr).toMatch(/→ \S/);
    await expect(readFile(to)).rejects.toThrow('ENOENT');
  }
});

test('the key of the S&P 500 is its symbol', async () => {
  const list = join(packageRoot(), 'examples/companies/companies.csv');
  const to = join(folder, 'sp500.yaml');
  expect(await say(['init', list, '--to', to])).toMatchObject({ code: 0 });
  const text = await readFile(to, 'utf8');
  expect(text).toMatch(/^# yaml-language-server: \$schema=\S+\/schema\/pipeline\.schema\.json\n/);
  const document = parse(text) as PipelineDocument;
  expect(document.rows).toMatchObject({ key: 'Symbol', map: { input: 'Security' } });
  expect(document.table).toMatchObject({ kind: 'company' });
  expect(document.spend).toEqual({ maxCredits: 1900 });
  expect(document.run).toEqual({ tolerateFailed: '2%' });
});

test('a web address is asked about rather than a name', async () => {
  const list = await listFile('Name,Homepage,Revenue\nAcme,acme.example,12\nB,b.example,15\n');
  expect((await written(list)).rows).toMatchObject({ key: 'Homepage', map: { input: 'Homepage' } });
});

test('a number is no key, although it is unique', async () => {
  const list = await listFile('revenue,product\n12,Anvil\n15,Rocket\n17,Magnet\n');
  const { rows, table } = await written(list);
  expect(rows.key).toBe('product');
  expect(table).toMatchObject({ kind: 'generic' });
});

test('repeated keys and missing inputs are left out, with a comment', async () => {
  const list = await listFile('id,site\n1,a.example\n2,\n3,c.example\n3,d.example\n4,e.example\n');
  expect((await written(list)).rows).toMatchObject({ skipBad: '20%', duplicates: 'first' });
  expect(await readFile(`${list}.yaml`, 'utf8')).toMatch(/^# `duplicates: first`: of rows/m);
});

test('flags choose key, input and columns', async () => {
  const list = await listFile('id,company,domain\n1,Acme,acme.example\n2,B,b.example\n');
  const flags = ['--key', 'domain', '--input', 'company', '--columns', 'CEO, CEO, {x} rank'];
  const { rows, table } = await written(list, ...flags);
  expect(rows).toMatchObject({ key: 'domain', map: { input: 'company' } });
  expect(namesOf(table)).toEqual(['CEO', 'x rank']);
});

test('columns that the list has already are not proposed', async () => {
  const list = await listFile('company,headquarters\nAcme,Berlin\nB,Paris\n');
  const { table } = await written(list);
  expect(namesOf(table)).toEqual(['What they do', 'Employees']);
});

test('at a terminal three questions are asked until each has a right answer', async () => {
  const list = await listFile('id,company\n1,Acme\n2,B\n');
  const to = `${list}.yaml`;
  const { code, stderr } = await say(
    ['init', list, '--to', to],
    ['', 'compani', 'id', 'CEO, Rank'],
  );
  expect(code).toBe(0);
  expect(stderr.match(/\? \[/g)).toHaveLength(4);
  expect(stderr).toContain('there is no column "compani" · did you mean "company"?');
  const { rows, table } = parse(await readFile(to, 'utf8')) as PipelineDocument;
  expect(rows).toMatchObject({ key: 'id', map: { subject: 'id' } });
  expect(namesOf(table)).toEqual(['id', 'CEO', 'Rank']);
});

test('flags and --yes answer the questions', async () => {
  const list = await listFile('id,company\n1,Acme\n2,B\n');
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`, '--yes'], []);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('? [')]);
  const one = await say(
    ['init', list, '--to', `${list}.2.yaml`, '--key', 'id', '--input', 'company'],
    ['CEO'],
  );
  expect([one.code, one.stderr.match(/\? \[/g)]).toEqual([0, ['? [']]);
});

test('Ctrl-D writes nothing', async () => {
  const list = await listFile('id,company\n1,Acme\n');
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`], ['']);
  expect([code, stderr]).toEqual([130, expect.stringContaining('Nothing was written.')]);
  await expect(readFile(`${list}.yaml`)).rejects.toThrow('ENOENT');
});

test('a file that is there is not overwritten', async () => {
  const list = await listFile('id,company\n1,Acme\n');
  await writeFile(`${list}.yaml`, 'mine');
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/is there already.*\n→ .*--to/)]);
  expect(await readFile(`${list}.yaml`, 'utf8')).toBe('mine');
});

test.each<[string, string, string[], RegExp]>([
  ['no rows', 'id,company\n', [], /^error\[rows_empty\]/],
  ['no key', 'sector\nEnergy\nEnergy\nEnergy\n', [], /no column identifies a row.*\n.*--key/s],
  ['no such key', 'id,company\n1,A\n', ['--key', 'Id'], /did you mean "id".*\n→ Name one of/s],
  ['a repeated key', 'id,a\n1,x\n2,x\n3,x\n', ['--key', 'a'], /most rows share their "a".*--key/s],
  ['no input', 'id,site\n1,\n2,\n', ['--input', 'site'], /2 of 2 rows lack.*--input/s],
  ['no columns', 'id,site\n1,a.b\n', ['--columns', ' , '], /--columns.*Name 1 to 50/s],
])('a list that cannot be used is refused with a remedy: %s', async (_, text, flags, expected) => {
  const list = await listFile(text);
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`, ...flags]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(expected)]);
});

test('columns that share a name are the reason why a list has no rows', async () => {
  const list = await listFile('name,name \nAcme,1\nB,2\n');
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/columns 1, 2 of the header are all called "name".*\n→ Give each/),
  ]);
});

test.each([
  ['acme.example,Berlin\nb.example,Paris\nc.example,Rome\n', 'acme.example'],
  ['Ann,ann@acme.example\nBob,bob@b.example\nCy,cy@c.example\n', 'ann@acme.example'],
])('a first line that looks like a row is a warning: %j', async (text, name) => {
  const list = await listFile(text);
  const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`]);
  expect(code).toBe(0);
  expect(stderr).toContain(
    `warning the first line is read as the names of columns, and "${name}" looks like a value: add a line with names`,
  );
});

test('a name that its column does not repeat is no warning', async () => {
  const list = await listFile('id,amazon.example,2024\n1,x,7\n2,y,8\n');
  expect((await say(['init', list, '--to', `${list}.yaml`])).stderr).not.toContain('warning');
});

describe('a list of 500 columns', () => {
  const wide = (): Promise<string> => {
    const names = Array.from({ length: 500 }, (_, at) => `c${at}`);
    const line = ',x'.repeat(500).slice(1);
    return listFile(`${names.join(',')},id,company\n${line},1,Acme\n${line},2,B\n`);
  };

  test('flags name any of them', async () => {
    const { rows } = await written(await wide(), '--key', 'id', '--input', 'company');
    expect(rows).toMatchObject({ key: 'id', map: { input: 'company' } });
  });

  test('proposals are of the first 200, which the refusal says', async () => {
    const list = await wide();
    const { code, stderr } = await say(['init', list, '--to', `${list}.yaml`]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/none of the first 200 columns identifies a row.*--key/s),
    ]);
  });
});

test.each([
  ['list\nname: x.csv', 'pipeline.yaml'],
  ['list.csv', 'a\nb.yaml'],
])('a path with a line break is refused: %j, --to %j', async (list, to) => {
  const { code, stderr } = await say(['init', join(folder, list), '--to', join(folder, to)]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/control characters.*\n→ Rename/)]);
});

test('another kind of file is refused by its ending', async () => {
  const { code, stderr } = await say(['init', join(folder, 'list.xlsx')]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/save the sheet as CSV/)]);
});

test('the real command writes pipeline.yaml without a terminal, a token or a server', async () => {
  const cwd = await mkdtemp(join(folder, 'real-'));
  await writeFile(join(cwd, 'companies.csv'), 'id,company\n1,Acme\n2,B\n');
  const made = await rowmill(['init', 'companies.csv'], { cwd }).endsWith(0);
  expect(made.stdout).toMatch(/^ {2}a run +2 rows, 6 cells, about 6 credits$/m);
  const checked = await rowmill(['check', 'pipeline.yaml'], { cwd }).endsWith(0);
  expect(checked.stderr).toContain('Next: rowmill run pipeline.yaml');
});
