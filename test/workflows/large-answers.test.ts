import { test } from '@jest/globals';
import {
  createProviders,
  PROVIDER_ENTRIES,
  type ProviderEntry,
} from '../../src/providers/registry.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { allEnv, CASES, companies, wantedRows } from '../support/providers/cases.ts';

/** Enough for the reply to any other request; a page of a hundred answered rows is larger. */
const MAX_BYTES = 30_000;

const withSmallReplies = ({ spec, create }: ProviderEntry): ProviderEntry => ({
  spec,
  create: (options) => create({ ...options, maxBodyBytes: MAX_BYTES }),
});

test.each(CASES)(
  'answers that do not fit into one page are read in smaller ones ($name)',
  async (provider) => {
    const rows = companies(230);
    const testEnv = await startTestEnv({
      sandbox: { failRate: 0.1, alwaysFailsRate: 0.02 },
      providers: (url) => createProviders(allEnv(url), {}, PROVIDER_ENTRIES.map(withSmallReplies)),
    });
    try {
      const workflowId = `large-answers-${testEnv.taskQueue}`;
      const run = { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '10m' };
      const overrides = { table: provider.tables.chain, run };
      const input = await pipelineInputFor(testEnv, rows, overrides, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      const wanted = wantedRows(provider, rows);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    } finally {
      await testEnv.close();
    }
  },
);
