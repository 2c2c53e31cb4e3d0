import { afterEach, expect, test } from '@jest/globals';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Provider } from '../../src/providers/provider.ts';
import { createProviders, type Providers } from '../../src/providers/registry.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { allEnv, companies } from '../support/providers/cases.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

/** The providers of the package, with a defect in one of their methods. */
const broken =
  (method: keyof Provider) =>
  (url: string): Providers => {
    const real = createProviders(allEnv(url));
    const value = (): never => {
      throw new TypeError('rows is not iterable');
    };
    // The rest of it stays as it is.
    const get = (name: string) =>
      Object.create(real.get(name), { [method]: { value } }) as Provider;
    return { ...real, get };
  };

/** Returns the failure of the run. */
async function failureWith(method: keyof Provider): Promise<ApplicationFailure> {
  testEnv = await startTestEnv({ providers: broken(method), sandbox: { failRate: 0 } });
  const input = await pipelineInputFor(testEnv, companies(2));
  const error: unknown = await executeRun(testEnv, method, input).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
    return error.cause;
  }
  throw error;
}

test('a defect that shows every time ends the run, long before its deadline', async () => {
  const failure = await failureWith('account');
  expect([failure.type, failure.message]).toEqual([
    'internal',
    expect.stringContaining('rows is not iterable'),
  ]);
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
}, 60_000);

test('a defect after cells are paid leaves a manifest', async () => {
  const failure = await failureWith('progress');
  expect(failure.type).toBe('internal');
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(1);
  const manifest = await readFile(join(testEnv.folder, 'out', 'results.manifest.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ outcome: 'failed' });
}, 120_000);
