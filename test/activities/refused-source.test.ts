import { expect, test } from '@jest/globals';
import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import { refuseSource } from '../../activities/results/target-paths.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import { createPathPolicy } from '../../src/gateway/path-policy.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';

const query = { type: 'postgres', urlEnv: 'CRM_URL', query: 'SELECT 1' } as const;

// The parts that are looked at.
const depsOf = (roots: string[] | null, env: Record<string, string>): ActivityDeps =>
  ({ roots, env, store: createFileStore('/nowhere') }) as unknown as ActivityDeps;

test('a worker for others reads only from databases that its operator has named', async () => {
  const refused = refuseSource(depsOf(['/data'], {}), query);
  await expect(refused).rejects.toMatchObject({
    code: 'path_refused',
    remedy: expect.stringContaining('ROWMILL_ROWS_DATABASES=CRM_URL') as unknown,
  });
  const others = { ROWMILL_ROWS_DATABASES: 'CRM_URL_2, X' };
  await expect(refuseSource(depsOf(['/data'], others), query)).rejects.toThrow();
  await refuseSource(depsOf(['/data'], { ROWMILL_ROWS_DATABASES: 'X, CRM_URL' }), query);
  await refuseSource(depsOf(null, {}), query);
});

test.each([query, { type: 'url', url: 'https://lists.example/a.csv' } as const])(
  'a caller of the gateway may not name rows of type %j',
  async (source) => {
    const policy = createPathPolicy(createFileStore('/nowhere'), null);
    // Only its source is looked at.
    const pipeline = { rows: { source }, results: [] } as unknown as Pipeline;
    await expect(policy.check(pipeline, 'key')).rejects.toMatchObject({ code: 'path_refused' });
  },
);
