import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';

const FOLDER = new URL('../histories/', import.meta.url);
const HISTORIES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
);
const codePath = process.env['ROWMILL_TEST_BUNDLE'] ?? '';

const textOf = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const historyOf = (name: string): unknown => JSON.parse(textOf(name));

test('there are histories of every main path', () => {
  expect(HISTORIES.length).toBeGreaterThanOrEqual(6);
});

test.each(HISTORIES)('%s replays on this code', async (name) => {
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, historyOf(name));
});

test('a workflow that does its steps in another order is caught', async () => {
  const code = readFileSync(codePath, 'utf8');
  const steps = /\.ensureTable\)\(run\)([^]*?)\.loadRows\)\(run\)/;
  expect(code).toMatch(steps);
  const swapped = code.replace(steps, '.loadRows)(run)$1.ensureTable)(run)');
  const name = HISTORIES.find((one) => one.endsWith('completed.json')) ?? '';
  await expect(
    Worker.runReplayHistory({ workflowBundle: { code: swapped } }, historyOf(name)),
  ).rejects.toBeInstanceOf(DeterminismViolationError);
});

test.each(HISTORIES)('%s contains no trace of its recording machine', (name) => {
  const decoded = textOf(name).replace(/"data":"([^"]*)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );
  expect(/.{0,40}(\/tmp\/|\/home\/|\/root\/|node_modules).{0,40}/.exec(decoded)).toBeNull();
});
