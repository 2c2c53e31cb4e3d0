import { expect, test } from '@jest/globals';
import { estimateOf } from '../../src/client/estimate.ts';
import { inputFor, openHouse, wholeRun } from '../support/house.ts';
import { CASES, companies } from '../support/providers/cases.ts';

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a run over $name takes as many requests as check says, and polls',
  async ({ provider }) => {
    const house = await openHouse({ sandbox: { failRate: 0, hopelessRate: 0 } });
    try {
      const table = provider.tables.two;
      const input = await inputFor(house, companies(120), { table }, provider);
      const { apiCalls } = await wholeRun(house, `estimate-${house.taskQueue}`, input);
      const wanted = estimateOf(input.pipeline, 120).apiCalls;
      expect(apiCalls.total - apiCalls.polls).toBe(wanted.total);
    } finally {
      await house.close();
    }
  },
);

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a rerun of failed cells over $name adds as many as it says',
  async ({ provider }) => {
    // Every cell fails once, and the first rerun mends all of them.
    const house = await openHouse({ sandbox: { failRate: 1, hopelessRate: 0 } });
    try {
      const input = await inputFor(house, companies(120), {}, provider);
      const { apiCalls, passes } = await wholeRun(house, `rerun-${house.taskQueue}`, input);
      expect(passes).toBe(2);
      const { total, eachRerun } = estimateOf(input.pipeline, 120).apiCalls;
      expect(apiCalls.total - apiCalls.polls).toBe(total + eachRerun);
    } finally {
      await house.close();
    }
  },
);
