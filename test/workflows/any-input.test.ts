import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../src/contract/json.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { payload } from '../support/payload.ts';

const ROWS = [{ Symbol: 'MMM', Security: '3M' }];

let testEnv: TestEnv;
let good: JsonObject;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  good = plain(await pipelineInputFor(testEnv, ROWS));
});
afterAll(() => testEnv.close());

/** Converts a value to JSON, as another SDK sends it. */
const plain = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

/** A copy of the good input with one value put at a path; `undefined` takes it away. */
function withAt(path: string, value: Json | undefined): JsonObject {
  const copy = structuredClone(good);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  // The path leads through objects and lists of the good input.
  const holder = steps.reduce((at, step) => at[step] as JsonObject, copy);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return copy;
}

/** Deeper than a JSON writer goes: put into the text. */
const DEEP = '@deep@';
const LEVELS = 20_000;

/** Each is refused as a whole, before anything is looked at, made or paid. */
const BAD: [string, () => Json | undefined][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a number', () => 5],
  ['a text', () => 'pipeline.yaml'],
  ['a list', () => [good]],
  ['an empty object', () => ({})],
  ['the pipeline without its wrapping', () => good['pipeline'] ?? null],
  ['a pipeline that is null', () => withAt('pipeline', null)],
  ['a pipeline that is a list', () => withAt('pipeline', [])],
  ['a pipeline that is a text', () => withAt('pipeline', 'x')],
  ['no name', () => withAt('pipeline.name', undefined)],
  ['a name with a way out', () => withAt('pipeline.name', '../../etc')],
  ['a name that is an object', () => withAt('pipeline.name', { a: 1 })],
  ['a name of a megabyte', () => withAt('pipeline.name', 'x'.repeat(1_000_000))],
  ['an unknown provider', () => withAt('pipeline.provider', 'constructor')],
  ['a provider that is a number', () => withAt('pipeline.provider', 7)],
  ['no table', () => withAt('pipeline.table', undefined)],
  ['no columns', () => withAt('pipeline.table.columns', [])],
  ['columns that are null', () => withAt('pipeline.table.columns', [null])],
  ['a column of an unknown kind', () => withAt('pipeline.table.columns', [{ kind: 'magic' }])],
  ['tags that are a text', () => withAt('pipeline.table.tags', 'nightly')],
  ['no rows', () => withAt('pipeline.rows', undefined)],
  ['a source of an unknown type', () => withAt('pipeline.rows.source', { type: 'ftp' })],
  ['a relative path of rows', () => withAt('pipeline.rows.source', file('rows.csv'))],
  ['a path of rows with a zero', () => withAt('pipeline.rows.source', file('/tmp/a\0.csv'))],
  ['rows from a standard input', () => withAt('pipeline.rows.source', { type: 'stdin' })],
  ['a map to no input', () => withAt('pipeline.rows.map', { nowhere: 'Security' })],
  ['no run', () => withAt('pipeline.run', undefined)],
  ['a deadline in words', () => withAt('pipeline.run.deadlineMs', '6h')],
  ['a deadline below zero', () => withAt('pipeline.run.deadlineMs', -1)],
  ['a deadline of a century', () => withAt('pipeline.run.deadlineMs', 3e12)],
  ['no longest time between polls', () => withAt('pipeline.run.maxPollIntervalMs', null)],
  ['polls at most sooner than at least', () => withAt('pipeline.run.maxPollIntervalMs', 1)],
  ['a million passes', () => withAt('pipeline.run.failedPasses', 1_000_000)],
  ['no spend', () => withAt('pipeline.spend', undefined)],
  ['credits in words', () => withAt('pipeline.spend.creditsPerCell', '1')],
  ['credits below zero', () => withAt('pipeline.spend.creditsPerCell', -1)],
  ['no results', () => withAt('pipeline.results', undefined)],
  ['results that are an object', () => withAt('pipeline.results', { to: '/tmp/x.jsonl' })],
  ['results that are null', () => withAt('pipeline.results', [null])],
  ['a start-up file of a shell', () => withAt('pipeline.results', [to('.bashrc', 'jsonl')])],
  ['a script', () => withAt('pipeline.results', [to('out/run.sh', 'jsonl')])],
  ['an extension of another format', () => withAt('pipeline.results', [to('out/a.csv', 'jsonl')])],
  ['results over the rows', () => withAt('pipeline', overRows())],
  ['two results at one path', () => withAt('pipeline.results', [to('a.csv'), to('a.csv')])],
  ['receivers that are a text', () => withAt('pipeline.notify', 'https://example.com')],
  ['a receiver of a file', () => withAt('pipeline.notify', [receiver('file:///etc/passwd')])],
  ['an unknown field', () => withAt('pipeline.schedule', { at: '02:30' })],
  ['an unknown field beside it', () => withAt('dryRun', true)],
  ['an approval in words', () => withAt('approved', 'yes')],
  ['a snapshot that is none', () => withAt('snapshot', { digest: '../x', rows: 1, bytes: 1 })],
  ['an earlier run that is none', () => withAt('earlier', { workflowId: 7 })],
  ['an earlier run that is null', () => withAt('earlier', null)],
  ['state of no run', () => withAt('resume', {})],
  ['state that is a list', () => withAt('resume', [1])],
  ['state that is null', () => withAt('resume', null)],
  ['state with a table in it', () => withAt('resume', { prepared: {}, table: { id: 't' } })],
  ['rows 20,000 levels deep', () => withAt('pipeline.rows.source', inline(DEEP))],
  ['a column 20,000 levels deep', () => withAt('pipeline.table.columns', [DEEP])],
  [
    'as much as Temporal takes',
    () => withAt('pipeline.rows.source', inline('x'.repeat(2_090_000))),
  ],
];

const file = (path: string): JsonObject => ({ type: 'file', path, format: 'csv' });
const inline = (Security: Json): JsonObject => ({
  type: 'inline',
  rows: [{ Symbol: 'A', Security }],
});
const to = (path: string, format = 'csv'): JsonObject => ({
  to: join(testEnv.folder, path),
  format,
});
const receiver = (url: string): JsonObject => ({ url, on: ['failed'], secretEnv: 'SECRET' });

function overRows(): JsonObject {
  const path = join(testEnv.folder, 'rows.csv');
  // Both are objects of the good input.
  const pipeline = good['pipeline'] as JsonObject;
  const rows = { ...(pipeline['rows'] as JsonObject), source: file(path) };
  return { ...pipeline, rows, results: [to('rows.csv')] };
}

/** The failure that the run ends with. */
async function failureOf(name: string, args: unknown[]): Promise<ApplicationFailure> {
  const handle = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `any input: ${name}`,
    taskQueue: testEnv.taskQueue,
    args,
  });
  const error: unknown = await handle.result().then(
    () => new Error('it ended well'),
    (reason: unknown) => reason,
  );
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
    return error.cause;
  }
  throw error;
}

/** Expects the run to end by itself, with the code, and with nothing asked for, made or written. */
async function refused(name: string, args: unknown[]): Promise<void> {
  const before = await readdir(testEnv.folder, { recursive: true });
  const failure = await failureOf(name, args);
  expect([failure.type, failure.message]).toEqual(['spec_invalid', expect.any(String)]);
  expect(failure.message).toContain('workflow input');
  const { requests, cellsPaid, tablesCreated } = testEnv.sandbox.ledger.summary();
  expect([requests.total, cellsPaid, tablesCreated]).toEqual([0, 0, 0]);
  expect(await readdir(testEnv.folder, { recursive: true })).toEqual(before);
}

test.each(BAD)('%s ends as a failed run, with nothing paid and nothing written', (name, make) => {
  const input = make();
  const deep = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
  if (input === undefined) return refused(name, []);
  return refused(name, [payload(JSON.stringify(input).replaceAll(`"${DEEP}"`, deep))]);
});

test.each([
  ['bytes', payload(Uint8Array.of(0xff, 0, 1), 'binary/plain')],
  ['a message of an unknown encoding', payload('{}', 'json/protobuf')],
  ['half an object', payload('{"pipeline":')],
])('%s that no JSON is in ends as a failed run as well', (name, argument) =>
  refused(name, [argument]),
);
