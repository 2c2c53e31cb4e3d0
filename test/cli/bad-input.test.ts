import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SECTOR } from '../support/providers/extruct.ts';
import {
  COMPANIES,
  pipelineText,
  rowmill,
  workplace,
  workplaceWithPipeline,
  type Ended,
  type Workplace,
} from './command.ts';

interface Case {
  what: string;
  /** Content of pipeline.yaml; JSON is YAML as well. */
  pipeline?: string;
  /** Content of companies.csv. */
  rows?: string | Buffer | null;
  file?: string;
  args?: string[];
  env?: Record<string, string>;
  code?: number;
  error: string;
  says: RegExp;
}

const columns = (...list: object[]) => ({ table: { kind: 'company', columns: list } });
const column = (key: string, prompt: string) => ({
  ...SECTOR,
  key,
  name: key,
  value: { agent_type: 'research_pro', prompt },
});

const CASES: Case[] = [
  {
    what: 'broken YAML',
    pipeline: 'name: x\nrows: [1, 2\nresults: }',
    error: 'spec_invalid',
    says: /pipeline\.yaml:[23]:\d+/,
  },
  {
    what: 'an unknown key',
    pipeline: pipelineText({ rwos: {} }),
    error: 'spec_invalid',
    says: /did you mean "rows"/,
  },
  {
    what: 'a wrong type',
    pipeline: pipelineText({ run: { failedPasses: 'two' } }),
    error: 'spec_invalid',
    says: /run\.failedPasses/,
  },
  {
    what: 'a column that mentions an unknown column',
    pipeline: pipelineText(columns(column('sector', 'Sector of {compny_name}?'))),
    error: 'spec_invalid',
    says: /did you mean "company_name"/,
  },
  {
    what: 'columns that mention each other in a circle',
    pipeline: pipelineText(columns(column('a', 'As {b}'), column('b', 'As {a}'))),
    error: 'spec_invalid',
    says: /circle/,
  },
  { what: 'no such pipeline file', file: 'no.yaml', error: 'spec_not_found', says: /no\.yaml/ },
  {
    what: 'a folder as pipeline file',
    file: '.',
    error: 'spec_not_found',
    says: /folder|director/,
  },
  {
    what: 'a missing rows file',
    rows: null,
    error: 'source_not_found',
    says: /pipeline\.yaml:\d+:\d+ {2}rows\.from {2}\S*companies\.csv: there is no such file · /,
  },
  { what: 'an empty rows file', rows: '', error: 'rows_empty', says: /companies\.csv/ },
  {
    what: 'a folder as rows file',
    args: ['--rows', 'folder.csv'],
    error: 'source_not_found',
    says: /^--rows {2}\S*folder\.csv: is a folder, not a file · /m,
  },
  {
    what: 'a header without the key column',
    rows: 'Ticker,Security\nMMM,3M\n',
    error: 'rows_invalid',
    says: /pipeline\.yaml:\d+:\d+ {2}rows\.key {2}\S*companies\.csv has no column "Symbol" · name one of its columns: "Ticker", "Security"/,
  },
  {
    what: 'a header without a mapped column',
    rows: 'Symbol,Securty\nMMM,3M\n',
    error: 'rows_invalid',
    says: /pipeline\.yaml:\d+:\d+ {2}rows\.map\.input .*no column "Security".* did you mean "Securty"\?/,
  },
  {
    what: 'duplicate keys',
    rows: 'Symbol,Security\nMMM,3M\nAOS,A. O. Smith\nMMM,3M again\n',
    error: 'rows_invalid',
    says: /line 4.*"MMM".*line 2/,
  },
  {
    what: 'a 10 MB cell',
    rows: `Symbol,Security\nMMM,${'x'.repeat(10_000_000)}\n`,
    error: 'rows_invalid',
    says: /line 2.*KiB/,
  },
  {
    what: 'UTF-16',
    rows: Buffer.from(`\ufeff${COMPANIES}`, 'utf16le'),
    error: 'source_unreadable',
    says: /UTF-16/,
  },
  {
    what: 'more credits than allowed',
    pipeline: pipelineText({ spend: { maxCredits: 2 } }),
    code: 4,
    error: 'spend_refused',
    says: /estimated 3 credits, spend\.maxCredits is 2/,
  },
  {
    what: 'an unknown flag',
    args: ['--jsn'],
    error: 'usage',
    says: /--json/,
  },
  {
    what: 'flags that exclude each other',
    args: ['--embedded', '--detach'],
    error: 'usage',
    says: /exclude each other/,
  },
  {
    what: 'an output that cannot be written, and a worker here',
    args: ['--embedded', '--out', 'companies.csv/out.jsonl'],
    env: { EXTRUCT_API_TOKEN: 'never-sent-0123456789' },
    error: 'sink_unwritable',
    says: /companies\.csv/,
  },
  {
    what: 'an output at an address that nothing is written to',
    args: ['--out', 'gs://bucket/out.csv'],
    error: 'spec_invalid',
    says: /--out {2}"gs:\/\/bucket\/out\.csv": nothing is written to gs:\/\/ · a path or s3:\/\/… that ends in/,
  },
  {
    what: 'a table whose address is not set, and a worker here',
    pipeline: pipelineText({ results: [{ postgres: { urlEnv: 'WAREHOUSE_URL', table: 'a.b' } }] }),
    args: ['--embedded'],
    env: { EXTRUCT_API_TOKEN: 'never-sent-0123456789' },
    error: 'sink_unwritable',
    says: /postgres:WAREHOUSE_URL\/a\.b: .*WAREHOUSE_URL is not set here/,
  },
  {
    what: 'no token, and a worker here',
    args: ['--embedded'],
    code: 4,
    error: 'token_missing',
    says: /EXTRUCT_API_TOKEN/,
  },
];

describe('run refuses before it sends any request', () => {
  let results: Map<string, { ended: Ended; left: string[] }>;

  beforeAll(async () => {
    results = new Map();
    const waiting = [...CASES];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        results.set(next.what, await carryOut(next));
      }
    };
    // Each is a process: one core each.
    await Promise.all([work(), work()]);
  });

  test.each(CASES.map((one) => [one.what, one] as const))('%s', (what, expected) => {
    const { ended, left } = results.get(what) ?? { ended: null, left: [] };
    expect(ended?.stderr).toMatch(expected.says);
    expect(ended?.stderr).toContain(`error[${expected.error}]`);
    expect(ended?.stderr).toMatch(/^→ \S/m);
    expect(ended?.code).toBe(expected.code ?? 2);
    const json: unknown = JSON.parse(ended?.stdout ?? '');
    expect(json).toMatchObject({ error: { code: expected.error } });
    // The rows may have been frozen by then; no server and no results were made.
    expect(left.filter((name) => !/^(store|companies|pipeline|folder)/.test(name))).toEqual([]);
  });
});

async function carryOut(one: Case): Promise<{ ended: Ended; left: string[] }> {
  const place = await workplace(null);
  try {
    await writeFile(join(place.cwd, 'pipeline.yaml'), one.pipeline ?? pipelineText());
    if (one.rows !== null) await writeFile(join(place.cwd, 'companies.csv'), one.rows ?? COMPANIES);
    await mkdir(join(place.cwd, 'folder.csv'));
    const env = { ...place.env, ROWMILL_STORE: join(place.cwd, 'store'), ...one.env };
    const args = ['run', one.file ?? 'pipeline.yaml', '--json', ...(one.args ?? [])];
    const ended = await rowmill(args, { cwd: place.cwd, env }).ended;
    return { ended, left: await readdir(place.cwd) };
  } finally {
    await place.remove();
  }
}

describe('without a Temporal server', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await workplaceWithPipeline();
  });
  afterAll(() => place.remove());

  test('without a server, run names the address and the remedy', async () => {
    const { code, stdout, stderr } = await place.command('run', 'pipeline.yaml');
    expect(stderr).toContain('error[temporal_unreachable] 127.0.0.1:1');
    expect(stderr).toContain('→ Start one (`rowmill dev`');
    expect(code).toBe(1);
    expect(stdout).toBe('');
  });

  // No server has to be reached to say so, and no run has to exist.
  test.each([
    [
      'adjust x --deadline banana',
      /--deadline: "banana" is not a duration\n→ Give a duration like/,
    ],
    ['adjust x --max-poll-interval 0s', /--max-poll-interval: "0s" is not a duration/],
    ['adjust x', /nothing to adjust/],
    [
      `pause x --reason ${'x'.repeat(301)}`,
      /--reason: it has 301 characters\n→ Give a text of up to 300/,
    ],
    ['results x --out x.xml', /x\.xml: what format is it/],
    ['results x --out gs://b/x.csv', /--out gs:\/\/b\/x\.csv: nothing is written to gs:\/\//],
    ['report x --to gs://b/x.html', /--to gs:\/\/b\/x\.html: nothing is written to gs:\/\//],
    ['results x --format xml', /Allowed choices are jsonl, /],
    ['list --limit none', /not a whole number/],
    ['rerun x --embedded --detach', /exclude each other/],
    ['schedule apply pipeline.yaml', /pipeline\.yaml: the file has no `schedule`\n→ Add one:/],
    ['schedule trigger x --key=', /--key is empty/],
    ['schedule backfill x --from never --to 2026-01-31', /--from: "never" is no day/],
    [
      'schedule backfill x --from 2026-01-30 --to 2026-01-31 --max-runs 0',
      /--max-runs: "0" is not allowed/,
    ],
  ])('bad input is said first: %s', async (line, says) => {
    const { code, stderr } = await place.command(...line.split(' '));
    expect(stderr).toMatch(says);
    expect(stderr).toContain('error[usage]');
    expect(code).toBe(2);
  });

  test('an unknown command names the nearest', async () => {
    const { code, stderr } = await place.command('lst');
    expect(code).toBe(2);
    expect(stderr).toMatch(/error\[usage\].*'lst'\n.*list/);
  });

  test('no command at all prints the help', async () => {
    const { code, stdout, stderr } = await place.command();
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('rowmill check examples/companies/pipeline.yaml');
  });
});
