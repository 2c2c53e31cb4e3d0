import { test } from '@jest/globals';
import {
  createProviders,
  PROVIDER_ENTRIES,
  type ProviderEntry,
} from '../../src/providers/registry.ts';
import { inputFor, openHouse, wholeRun } from '../support/house.ts';
import { expectInvariants } from '../support/invariants.ts';
import { allEnv, CASES, companies, wantedRows } from '../support/providers/cases.ts';

/** Enough for the reply to any other request; a page of a hundred answered rows is larger. */
const MOST_BYTES = 30_000;

const withSmallReplies = ({ spec, create }: ProviderEntry): ProviderEntry => ({
  spec,
  create: (options) => create({ ...options, maxBodyBytes: MOST_BYTES }),
});

test.each(CASES)(
  'answers that do not fit into one page are read in smaller ones ($name)',
  async (provider) => {
    const rows = companies(230);
    const house = await openHouse({
      sandbox: { failRate: 0.1, hopelessRate: 0.02 },
      providers: (url) => createProviders(allEnv(url), {}, PROVIDER_ENTRIES.map(withSmallReplies)),
    });
    try {
      const workflowId = `large-answers-${house.taskQueue}`;
      const run = { pollAtLeast: '100ms', pollAtMost: '1s', deadline: '10m' };
      const overrides = { table: provider.tables.chain, run };
      const input = await inputFor(house, rows, overrides, provider);
      const ended = await wholeRun(house, workflowId, input);
      const wanted = wantedRows(provider, rows);
      await expectInvariants(house, { workflowId, pipeline: input.pipeline, wanted, ended });
    } finally {
      await house.close();
    }
  },
);
