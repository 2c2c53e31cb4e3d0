import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { estimateOf } from '../../src/client/pipelines/estimate.ts';
import { knownSpec, readFactsFile, writeFactsFile } from '../../src/providers/facts-store.ts';
import { apiName, mergeLearned, type FactsFile } from '../../src/providers/facts.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { requireProviderSpec } from '../../src/providers/catalog.ts';
import { parse, withColumns } from '../spec/pipeline-text.ts';

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-facts-'));
  env = { ROWMILL_FACTS: folder, EXTRUCT_API_TOKEN: 'a-token-of-a-test' };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const spec = requireProviderSpec('extruct');

const facts = (more: Partial<FactsFile>): FactsFile => ({
  format: 1,
  provider: 'extruct',
  api: spec.baseUrl,
  facts: [],
  learned: {},
  set: {},
  ...more,
});

const COLUMN = '- { kind: agent, key: a, name: A, value: { agent_type: llm, prompt: x } }';

test('facts change the estimate and the provider alike', async () => {
  const { pipeline } = parse(withColumns(COLUMN));
  expect(estimateOf(pipeline, 100, {}, env)).toMatchObject({
    credits: 100,
    apiCalls: { pages: 1 },
  });
  const charged = { company_profile: 1, company_name: 1, company_website: 1, agent_llm: 1 };
  await writeFactsFile(env, facts({ learned: { rowsPerPage: 50, credits: charged } }));
  expect(estimateOf(pipeline, 100, {}, env)).toMatchObject({
    credits: 400,
    apiCalls: { pages: 2 },
  });
  const providers = createProviders(env);
  expect(providers.get('extruct').limits).toEqual({ rowsPerAdd: 50, rowsPerPage: 50 });
  const weights = providers
    .spec('extruct')
    .plan(pipeline.table)
    .map((one) => one.creditsWeight);
  expect(weights).toEqual([0, 1, 1, 1, 1]);
});

test('what the owner has set counts before what was found', async () => {
  const phone = '- { kind: phone_finder, key: p, name: P }';
  const website = '- { kind: input, key: company_website, name: W }';
  const { pipeline } = parse(withColumns(`${website}\n${phone}`, 'people'));
  const learned = { credits: { people_agent: 1, phone_finder: 1 } };
  await writeFactsFile(env, facts({ learned, set: { credits: { phone_finder: 10 } } }));
  expect(estimateOf(pipeline, 2, {}, env).credits).toBe(26);
});

test('a limit is only ever lowered', async () => {
  await writeFactsFile(env, facts({ set: { rowsPerPage: 5_000, rowsPerAdd: 20 } }));
  expect(knownSpec('extruct', env).limits).toEqual({ rowsPerAdd: 20, rowsPerPage: 100 });
});

test('facts about another address say nothing about this one', async () => {
  const here = { ...env, EXTRUCT_BASE_URL: 'http://127.0.0.1:8780' };
  const api = apiName(spec, here.EXTRUCT_BASE_URL);
  expect(api).toMatch(/^sha256:[0-9a-f]{16}$/);
  await writeFactsFile(env, facts({ api, learned: { rowsPerPage: 10 } }));
  expect(knownSpec('extruct', here).limits.rowsPerPage).toBe(10);
  expect(knownSpec('extruct', env).limits.rowsPerPage).toBe(100);
});

test.each([
  'not JSON',
  '{}',
  '{"format":1,"provider":"extruct","api":"x","set":{"rowsPerPage":0}}',
])('a facts file that cannot be used is named: %s', async (text) => {
  await writeFile(join(folder, 'extruct.json'), text);
  expect(() => knownSpec('extruct', env)).toThrow(/extruct\.json: the facts file cannot be used/);
  expect(() => createProviders(env).get('extruct')).toThrow('cannot be used');
});

test('earlier findings stay until they are replaced', () => {
  const before = { rowsPerPage: 50, credits: { agent_llm: 2, company_profile: 1 } };
  expect(mergeLearned([before, { rowsPerPage: 100 }, { credits: { agent_llm: 1 } }])).toEqual({
    rowsPerPage: 100,
    credits: { agent_llm: 1, company_profile: 1 },
  });
  expect(readFactsFile(env, 'extruct')).toBeNull();
});
