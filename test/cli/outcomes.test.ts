import { expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestEnv, type TestEnvOptions } from '../support/test-env.ts';
import { COMPANIES, pipelineText, workplace, type Ended } from './command.ts';

/** Runs a pipeline in an environment of its own. */
async function runIn(
  options: TestEnvOptions,
  look: (ended: Ended, cwd: string) => Promise<void> | void,
): Promise<void> {
  const testEnv = await startTestEnv(options);
  const place = await workplace(testEnv);
  try {
    await writeFile(join(place.cwd, 'pipeline.json'), pipelineText({ results: [{ to: 'r.csv' }] }));
    await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
    await look(await place.command('run', 'pipeline.json', '--id', testEnv.taskQueue), place.cwd);
  } finally {
    await place.remove();
    await testEnv.close();
  }
}

test('a run whose cells never succeed exits with 3', () =>
  runIn({ sandbox: { failRate: 0, alwaysFailsRate: 1 } }, async ({ code, stdout }, cwd) => {
    expect(stdout).toMatch(/ partial$/m);
    expect(code).toBe(3);
    expect(stdout).toMatch(/cells +3: 0 done, 3 failed/);
    expect(stdout).toContain('quarantine  r.quarantine.jsonl (3 cells)');
    expect(await readFile(join(cwd, 'r.quarantine.jsonl'), 'utf8')).toContain('"status":"failed"');
  }));

test('a wrong token at the worker ends the run with exit 4', () =>
  runIn({ sandbox: { token: 'another-token-1234567890' } }, ({ code, stdout, stderr }) => {
    expect(stderr).toContain('error[unauthorized]');
    expect(stderr).toMatch(/^→ .*worker/m);
    expect(code).toBe(4);
    expect(stdout).toBe('');
  }));
