import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPANIES, pipelineText, workplaceWithPipeline, type Workplace } from './command.ts';

let place: Workplace;
beforeAll(async () => {
  place = await workplaceWithPipeline();
  await mkdir(join(place.cwd, 'lists'));
  await symlink('lists', join(place.cwd, 'current'));
  await symlink('companies.csv', join(place.cwd, 'linked.csv'));
  for (const name of [
    'lists/companies.csv',
    'x.quarantine.jsonl',
    'x.changes.jsonl',
    'x.report.html',
    'x.manifest.json',
  ]) {
    await writeFile(join(place.cwd, name), COMPANIES);
  }
});
afterAll(() => place.remove());

const csv = (from: string) => ({
  rows: { from, format: 'csv', key: 'Symbol', map: { input: 'Security' } },
});
const to = (...paths: string[]) => ({ results: paths.map((path) => ({ to: path })) });

test.each([
  ['a link to the rows', csv('companies.csv'), to('linked.csv'), /this is the file the rows/],
  ['rows through a link', csv('linked.csv'), to('companies.csv'), /this is the file the rows/],
  [
    'a folder that is a link',
    csv('lists/companies.csv'),
    to('current/companies.csv'),
    /this is the file the rows/,
  ],
  ['rows named as its quarantine', csv('x.quarantine.jsonl'), to('x.jsonl'), /its quarantine/],
  ['rows named as its changes', csv('x.changes.jsonl'), to('x.jsonl'), /its changes would be/],
  ['rows named as its report', csv('x.report.html'), to('x.jsonl'), /its report would be/],
  ['rows named as its manifest', csv('x.manifest.json'), to('x.jsonl'), /its manifest would be/],
  ['results named as a quarantine', {}, to('y.jsonl', 'y.quarantine.jsonl'), /be results\[1\]/],
  ['the same the other way', {}, to('y.quarantine.jsonl', 'y.jsonl'), /be results\[0\]/],
  ['one path through a link', {}, to('lists/r.jsonl', 'current/r.jsonl'), /this is results\[0\]/],
])('results that would touch %s are refused by line', async (_what, rows, results, why) => {
  const text = pipelineText({ ...rows, ...results });
  await writeFile(join(place.cwd, 'clash.json'), text);
  for (const command of ['check', 'run']) {
    const { code, stderr } = await place.command(command, 'clash.json');
    expect(stderr).toMatch(/error\[spec_invalid\]/);
    expect(stderr).toMatch(/clash\.json:1:\d+ +results\[\d\]\.to /);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  }
  expect(await readFile(join(place.cwd, 'companies.csv'), 'utf8')).toBe(COMPANIES);
});

test('results whose manifest would be the pipeline file are refused', async () => {
  await writeFile(join(place.cwd, 'z.manifest.json'), pipelineText(to('z.csv')));
  const { code, stderr } = await place.command('check', 'z.manifest.json');
  expect(stderr).toContain('its manifest would be the pipeline file itself');
  expect(code).toBe(2);
});

test('--out that leads to the rows is named as the flag', async () => {
  const { code, stderr } = await place.command('check', 'pipeline.yaml', '--out', 'linked.csv');
  expect(stderr).toMatch(/--out +"/);
  expect(code).toBe(2);
});

test('a list and its results as JSON Lines and CSV beside each other are fine', async () => {
  const text = pipelineText({ ...csv('companies.csv'), ...to('out/r.jsonl', 'out/r.csv') });
  await writeFile(join(place.cwd, 'both.json'), text);
  expect((await place.command('check', 'both.json')).code).toBe(0);
});
